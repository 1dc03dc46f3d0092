import { parse, serialize } from "hono/utils/cookie";
import type { ApiKey } from "../auth/api-key.ts";
import type { Credentials } from "../auth/authenticate.ts";
import type { KeyRing } from "../auth/key-ring.ts";
import { keyOfSignInToken, SIGNED_IN_SECONDS, signInToken } from "../auth/sign-in-token.ts";
import type { Clock } from "../service/clock.ts";
import { addressOf, type DashboardSite } from "./dashboard-site.ts";

/** The cookie of a browser that has signed in to the dashboard: it stands for a secret key and is none. */
export class SignInCookie {
  readonly #site: DashboardSite;
  readonly #keys: KeyRing;
  readonly #clock: Clock;

  constructor(site: DashboardSite, keys: KeyRing, clock: Clock) {
    this.#site = site;
    this.#keys = keys;
    this.#clock = clock;
  }

  /**
   * Who sent a request, by its cookie. One that changes something must come from a page of the dashboard.
   *
   * @throws HttpError 403 for a foreign page or host
   */
  async credentials(request: Request): Promise<Credentials | undefined> {
    const name = this.#name(request);
    const token = parse(request.headers.get("cookie") ?? "", name)[name];
    if (token === undefined) return undefined;
    if (request.method === "GET" || request.method === "HEAD") this.#site.requireOwnReader(request);
    else this.#site.requireOwnPage(request);
    const key = await keyOfSignInToken(token, this.#keys, this.#clock.now());
    if (key === undefined) return undefined;
    const { environment, readOnly } = key;
    return { principal: { kind: "secret-key", environment, readOnly }, key };
  }

  /** The value of `Set-Cookie` that signs a browser in with a key. */
  async issue(request: Request, key: ApiKey): Promise<string> {
    return this.#serialize(request, await signInToken(key, this.#clock.now()), SIGNED_IN_SECONDS);
  }

  /** The value of `Set-Cookie` that signs it out. */
  remove(request: Request): string {
    return this.#serialize(request, "", 0);
  }

  #serialize(request: Request, value: string, maxAge: number): string {
    const attributes = { path: "/", httpOnly: true, sameSite: "Strict", maxAge } as const;
    return serialize(this.#name(request), value, { ...attributes, secure: this.#site.isSecure(request) });
  }

  /**
   * With TLS a name that browsers give to nobody else and take from nobody else. Without, cookies are not kept apart by
   * port: two servers on one machine would sign each other out if the name did not have it.
   */
  #name(request: Request): string {
    if (this.#site.isSecure(request)) return "__Host-runmeta";
    const { port } = addressOf(request);
    return port === "" ? "runmeta" : `runmeta-${port}`;
  }
}
