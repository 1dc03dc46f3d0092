import type { ApiKey } from "./api-key.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Principal } from "./principal.ts";
import { verifyPublicToken } from "./public-token.ts";

/** Who sent a request, and the key that stands behind it: theirs, or the one that signed their token. */
export interface Credentials {
  readonly principal: Principal;
  readonly key: ApiKey;
}

/** Why a request has no principal; each route words it in its own way. */
export type AuthFailure = "missing" | "unknown-key" | "invalid-token" | "unknown-environment";

/** No key is longer; what is longer is not hashed at all. Signed tokens have a limit of their own. */
const MAX_KEY_LENGTH = 256;

/** Looks at an `Authorization` header. Nothing of its text ever leaves this function. */
export async function authenticate(
  header: string | undefined,
  keys: KeyRing,
  now: Date,
): Promise<Credentials | AuthFailure> {
  if (header === undefined) return "missing";
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (token === undefined) return "missing";
  if (looksLikeSignedToken(token)) {
    const verified = await verifyPublicToken(token, keys, now);
    if (verified === "not-public") return "unknown-key";
    return verified === "invalid" ? "invalid-token" : verified;
  }
  if (token.length > MAX_KEY_LENGTH || !token.startsWith("tr_")) return "unknown-key";
  const key = await keys.find(token);
  if (key === undefined) return "unknown-key";
  const { environment, readOnly } = key;
  return { principal: { kind: "secret-key", environment, readOnly }, key };
}

/** Three base64url parts: a JWT, valid or not. */
function looksLikeSignedToken(token: string): boolean {
  return /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(token);
}
