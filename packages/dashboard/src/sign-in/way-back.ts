/** Where a sign-in came from, when that is one of our pages: never another site's address. */
export function wayBack(search: string): string {
  const from = new URLSearchParams(search).get("from") ?? "";
  return /^\/(runs|sessions|records)([/?]|$)/.test(from) ? from : "/runs";
}

/** The address of the sign-in page that leads back to where one is. */
export function signInAddress(path: string, search: string): string {
  const from = search === "" ? path : `${path}?${search}`;
  return wayBack(new URLSearchParams({ from }).toString()) === from && from !== "/runs"
    ? `/sign-in?${new URLSearchParams({ from })}`
    : "/sign-in";
}
