import type { ApiKey } from "../auth/api-key.ts";
import { type AuthFailure, authenticate, type Credentials } from "../auth/authenticate.ts";
import type { KeyRing } from "../auth/key-ring.ts";
import type { Principal } from "../auth/principal.ts";
import { signPublicToken, type TokenGrant } from "../auth/public-token.ts";
import { allows, type Permission } from "../auth/scopes.ts";
import type { Call } from "./call.ts";
import { forbidden, HttpError } from "./http-error.ts";
import type { Endpoint } from "./route.ts";
import type { SignInCookie } from "./sign-in-cookie.ts";

/** What requests are let in by. */
export interface Gate {
  readonly keys: KeyRing;
  /** Undefined: cookies are not looked at. */
  readonly cookie: SignInCookie | undefined;
}

/**
 * Lets a request in or not, before its body is read.
 *
 * @throws HttpError 401 in the route's words, 403 for a read-only key on a route that changes something
 */
export async function admit(route: Endpoint, call: Call, gate: Gate, now: Date): Promise<Admission> {
  const { access } = route;
  if (access.kind === "open") return new Admission(route, NOBODY, undefined);
  const credentials = await credentialsOf(call, route, gate, now);
  if (typeof credentials === "string") {
    throw new HttpError(401, access.unauthorized ?? unauthorizedText(credentials, access.kind));
  }
  const { principal, key } = credentials;
  if (principal.kind === "public-token" && access.kind === "secret-key") {
    throw new HttpError(401, access.unauthorized ?? unauthorizedText("unknown-key", access.kind));
  }
  if (principal.kind === "secret-key" && principal.readOnly && !reads(route)) {
    throw new HttpError(403, "This API key is read-only");
  }
  return new Admission(route, principal, key);
}

/** A request that was let in: what it may do, and the key behind it. */
class Admission {
  readonly principal: Principal;
  readonly #route: Endpoint;
  readonly #key: ApiKey | undefined;
  #asked: boolean;

  constructor(route: Endpoint, principal: Principal, key: ApiKey | undefined) {
    this.#route = route;
    this.principal = principal;
    this.#key = key;
    this.#asked = principal.kind === "secret-key";
  }

  can(anyOf: readonly Permission[]): boolean {
    for (const one of anyOf) this.#requireDeclared(one);
    const allowed = allows(this.principal, anyOf);
    this.#asked ||= allowed;
    return allowed;
  }

  authorize(anyOf: readonly Permission[]): void {
    if (!this.can(anyOf)) throw forbidden();
  }

  async issueToken(grant: TokenGrant, now: Date): Promise<string> {
    if (this.#key === undefined)
      throw new Error(`${this.#route.path} is open: no key stands behind a request`);
    return await signPublicToken(this.#key, grant, now);
  }

  /** A forgotten question must not pass for a permission. */
  requireAsked(): void {
    if (!this.#asked) throw new Error(`${this.#route.path} answered a token without looking at its scopes`);
  }

  /** What a route asks for and what it says it asks for stay the same. */
  #requireDeclared({ action, type }: Permission): void {
    const { access } = this.#route;
    const scope = `${action}:${type}`;
    const declared =
      access.kind === "public-token" &&
      access.scopes.some((one) => one === scope || one.startsWith(`${scope}:`));
    if (!declared) throw new Error(`${this.#route.path} does not declare the scope ${scope}`);
  }
}

/** A key or token that was sent counts, right or wrong; the cookie only where there is none. */
async function credentialsOf(
  call: Call,
  { access }: Endpoint,
  { keys, cookie }: Gate,
  now: Date,
): Promise<Credentials | AuthFailure> {
  const header = call.header("authorization");
  const bare = access.kind === "secret-key" && access.bareKey === true;
  const sent = await authenticate(bare ? asBearer(header) : header, keys, now);
  return sent === "missing" ? ((await cookie?.credentials(call.raw)) ?? sent) : sent;
}

/** One word that names no scheme is a key. */
function asBearer(header: string | undefined): string | undefined {
  return header !== undefined && /^(?!Bearer$)\S+$/i.test(header) ? `Bearer ${header}` : header;
}

/** True for a route that changes nothing: read-only keys may call it. */
export function reads({ access, method }: Endpoint): boolean {
  return (access.kind === "secret-key" && access.reads) || method === "GET";
}

function unauthorizedText(failure: AuthFailure, kind: "secret-key" | "public-token"): string {
  if (failure === "missing") return "Invalid or Missing API key";
  if (kind === "secret-key" || failure === "unknown-key") return "Invalid API key";
  return failure === "unknown-environment" ? "Invalid Public Access Token" : "Public Access Token is invalid";
}

/** Open routes look at no environment. */
const NOBODY: Principal = { kind: "secret-key", environment: "", readOnly: true };
