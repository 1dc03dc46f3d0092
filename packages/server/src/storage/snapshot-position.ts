/** More transactions than any server has under way at once. */
const MAX_RUNNING = 2_000;
/** Transaction ids are 63 bits. */
const MAX_ID = 2n ** 63n;

/** A snapshot as PostgreSQL writes it (`xmin:xmax:running,…`) as text that orders by its first number and fits into a URL. */
export function positionOf(snapshot: string): string {
  const [xmin = "", xmax = "", running = ""] = snapshot.split(":");
  return [xmax, xmin, ...(running === "" ? [] : running.split(","))].join("_");
}

/** The other way; undefined for text that is no position. PostgreSQL would answer that with an error. */
export function parsePosition(position: string): string | undefined {
  if (!/^\d{1,19}(?:_\d{1,19})+$/.test(position)) return undefined;
  const [xmax = 0n, xmin = 0n, ...running] = position.split("_").map(BigInt);
  if (xmin < 1n || xmin > xmax || xmax >= MAX_ID || running.length > MAX_RUNNING) return undefined;
  let last = xmin - 1n;
  for (const id of running) {
    if (id <= last || id >= xmax) return undefined;
    last = id;
  }
  return `${xmin}:${xmax}:${running.join(",")}`;
}
