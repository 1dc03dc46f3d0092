import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import type { ApiKey } from "./api-key.ts";
import type { KeyRing } from "./key-ring.ts";
import { secondsOf } from "./public-token.ts";

/** Who says so, and for whom: a public token is none of these, and these are no public tokens. */
const ISSUER = "runmeta";
const AUDIENCE = "runmeta dashboard";
const ALGORITHM = "HS256";

/** How long one stays signed in. */
export const SIGNED_IN_SECONDS = 7 * 24 * 3600;

/** Ours are a fifth of that. */
const MAX_TOKEN_LENGTH = 1024;

/**
 * What a signed-in browser holds instead of the secret key: the key's id, signed with the key. Every server that has the
 * key accepts it, after a restart too, and none does once the key is revoked.
 */
export async function signInToken(key: ApiKey, now: Date): Promise<string> {
  const issuedAt = secondsOf(now);
  return await new SignJWT({})
    .setProtectedHeader({ alg: ALGORITHM, kid: key.id })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + SIGNED_IN_SECONDS)
    .sign(await key.hmacKey());
}

/** The key that stands behind a sign-in token; undefined for what is none, has expired, or is of a revoked key. */
export async function keyOfSignInToken(token: string, keys: KeyRing, now: Date): Promise<ApiKey | undefined> {
  const id = token.length > MAX_TOKEN_LENGTH ? undefined : unverifiedKeyId(token);
  const key = id === undefined ? undefined : await keys.withId(id);
  if (key === undefined) return undefined;
  try {
    await jwtVerify(token, await key.hmacKey(), {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ["exp"],
      currentDate: now,
    });
    return key;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

function unverifiedKeyId(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    // It throws more than jose's own errors at what is no token.
    return undefined;
  }
}
