import { hostnameOf, withoutBrackets } from "./hostname.ts";
import { HttpError } from "./http-error.ts";
import { isLoopback } from "./loopback.ts";

/** What the dashboard's own pages send along, and no form, link or image of another page can. */
export const DASHBOARD_HEADER = "x-runmeta-dashboard";

/**
 * The names under which browsers may reach the dashboard, and what tells its own pages from foreign ones. Only pages,
 * signing in, and requests that the cookie authorises are looked at; whoever sends a key may use any name.
 */
export class DashboardSite {
  readonly #publicURL: URL | undefined;
  readonly #hosts: Set<string>;

  constructor(options: { readonly publicURL: URL | undefined; readonly allowedHosts: readonly string[] }) {
    this.#publicURL = options.publicURL;
    this.#hosts = new Set(options.allowedHosts);
    if (options.publicURL !== undefined) this.#hosts.add(withoutBrackets(options.publicURL.hostname));
  }

  /** The address that a server listens on is one of its names, unless it stands for all addresses. */
  allowHost(host: string): void {
    const hostname = hostnameOf(host);
    if (hostname !== undefined && hostname !== "0.0.0.0" && hostname !== "::") this.#hosts.add(hostname);
  }

  /** True when browsers use TLS: by the public URL, or because the server itself is reached by it. */
  isSecure(request: Request): boolean {
    return this.#publicURL?.protocol === "https:" || new URL(request.url).protocol === "https:";
  }

  /**
   * Refuses names that are not ours: a page of another site whose name was made to lead here (DNS rebinding) sends its
   * own.
   *
   * @throws HttpError 403
   */
  requireHost(request: Request): void {
    const { hostname } = addressOf(request);
    if (isLoopback(hostname) || this.#hosts.has(hostname)) return;
    throw new HttpError(403, {
      error: `The dashboard is not served as ${hostname}: add it to allowedHosts (--allowed-host), or set publicURL (--public-url)`,
      code: "host_not_allowed",
    });
  }

  /**
   * Lets through what a page of the dashboard itself sent: it has the header, and the browser says where it is from.
   *
   * @throws HttpError 403
   */
  requireOwnPage(request: Request): void {
    this.requireHost(request);
    if (request.headers.get(DASHBOARD_HEADER) !== "1")
      throw crossSite(`The header ${DASHBOARD_HEADER}: 1 is missing`);
    const site = request.headers.get("sec-fetch-site");
    // Browsers say "null" in place of an origin that they keep to themselves.
    const origin = known(request.headers.get("origin"));
    if (site === null && origin === undefined) throw crossSite("Neither Origin nor Sec-Fetch-Site is there");
    if (site !== null && site !== "same-origin") throw crossSite(`Sec-Fetch-Site is not same-origin`);
    if (origin !== undefined && !this.#isOwnOrigin(origin, request))
      throw crossSite("Origin is not the dashboard's; behind a proxy, set publicURL (--public-url)");
  }

  /**
   * Lets a request through that reads: a page of the dashboard, an address that was typed, or a program. Foreign pages
   * could not see the reply, but how long it takes.
   *
   * @throws HttpError 403
   */
  requireOwnReader(request: Request): void {
    this.requireHost(request);
    const site = request.headers.get("sec-fetch-site");
    if (site !== null && site !== "same-origin" && site !== "none")
      throw crossSite(`Sec-Fetch-Site is neither same-origin nor none`);
  }

  #isOwnOrigin(origin: string, request: Request): boolean {
    return origin === this.#publicURL?.origin || origin === addressOf(request).origin;
  }
}

/** The scheme, name and port by which the browser reached us, or the proxy in front of us. */
export function addressOf(request: Request): { readonly origin: string; hostname: string; port: string } {
  const url = new URL(request.url);
  const host = `${url.protocol}//${request.headers.get("host") ?? url.host}`;
  const { origin, hostname, port } = URL.canParse(host) ? new URL(host) : url;
  return { origin, hostname: withoutBrackets(hostname), port };
}

function known(origin: string | null): string | undefined {
  return origin === null || origin === "null" ? undefined : origin;
}

function crossSite(reason: string): HttpError {
  return new HttpError(403, {
    error: `Not a request of the dashboard's own pages: ${reason}`,
    code: "cross_site",
  });
}
