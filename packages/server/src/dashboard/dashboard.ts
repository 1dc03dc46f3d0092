import type { KeyRing } from "../auth/key-ring.ts";
import { DashboardSite } from "../http/dashboard-site.ts";
import type { Endpoint } from "../http/route.ts";
import { SignInCookie } from "../http/sign-in-cookie.ts";
import type { Clock } from "../service/clock.ts";
import { authRoutes } from "./auth-routes.ts";
import { builtDashboard, DashboardFiles } from "./dashboard-files.ts";
import { OneTimeLinks } from "./one-time-links.ts";
import { pageRoutes } from "./page-routes.ts";

/** What of a server's options the dashboard looks at. */
export interface DashboardOptions {
  readonly publicURL: URL | undefined;
  readonly allowedHosts: readonly string[];
}

/** The server's side of the dashboard: its pages, signing in, and the cookie that the API then takes for a key. */
export class Dashboard {
  readonly site: DashboardSite;
  readonly cookie: SignInCookie;
  readonly endpoints: readonly Endpoint[];
  readonly #links: OneTimeLinks;
  readonly #keys: KeyRing;

  constructor(options: DashboardOptions, keys: KeyRing, clock: Clock) {
    this.site = new DashboardSite(options);
    this.cookie = new SignInCookie(this.site, keys, clock);
    this.#links = new OneTimeLinks(clock);
    this.#keys = keys;
    this.endpoints = [
      ...authRoutes({ site: this.site, cookie: this.cookie, links: this.#links, keys, clock }),
      ...pageRoutes(new DashboardFiles(builtDashboard()), this.site),
    ];
  }

  /** The path of a new one-time link that signs in with the server's first key; undefined when there is none. */
  linkPath(): string | undefined {
    const key = this.#keys.first;
    return key === undefined ? undefined : `/auth/link/${this.#links.issue(key)}`;
  }
}
