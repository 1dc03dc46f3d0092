/**
 * Scheme, host and port for URLs that the caller is to follow: the configured ones, else those that it reached this server
 * by. A proxy in front says in `x-forwarded-proto` and `x-forwarded-host` what the caller used; a caller that lies there
 * only misleads itself.
 */
export function publicOrigin(request: Request, publicURL: URL | undefined): string {
  if (publicURL !== undefined) return publicURL.origin;
  const url = new URL(request.url);
  const scheme = firstOf(request.headers.get("x-forwarded-proto"));
  const host = firstOf(request.headers.get("x-forwarded-host"));
  return `${scheme === "https" || scheme === "http" ? `${scheme}:` : url.protocol}//${host ?? url.host}`;
}

function firstOf(header: string | null): string | undefined {
  const first = header?.split(",", 1)[0]?.trim();
  return first !== undefined && /^[A-Za-z0-9.:[\]-]{1,255}$/.test(first) ? first : undefined;
}
