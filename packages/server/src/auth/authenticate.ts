import type { SecretKeys } from "./secret-keys.ts";

/** Who a request comes from. Public tokens (a run's or a tag's reader) become a second kind. */
export interface Principal {
  readonly kind: "secret-key";
  readonly environment: string;
}

/** Why a request has no principal; each route words it in its own way. */
export type AuthFailure = "missing" | "unknown-key" | "invalid-token";

/** No key is longer; what is longer is not hashed at all. Signed tokens have a limit of their own. */
const MAX_KEY_LENGTH = 256;

/** Looks at an `Authorization` header. Nothing of what it holds ever leaves this function. */
export function authenticate(header: string | null, keys: SecretKeys): Principal | AuthFailure {
  if (header === null) return "missing";
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (token === undefined) return "missing";
  if (token.length > MAX_KEY_LENGTH || !token.startsWith("tr_")) {
    return looksLikeSignedToken(token) ? "invalid-token" : "unknown-key";
  }
  const environment = keys.environmentOf(token);
  return environment === undefined ? "unknown-key" : { kind: "secret-key", environment };
}

/** Three base64url parts: a JWT, valid or not. */
function looksLikeSignedToken(token: string): boolean {
  return /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(token);
}
