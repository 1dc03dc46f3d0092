import { SignJWT } from "jose";
import { DEV_KEY } from "../server/test-server.ts";

/** What a test wants different from a token that is in order. */
export interface TokenChanges {
  readonly key?: string;
  readonly alg?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly expiresAt?: number | string | undefined;
  readonly claims?: Record<string, unknown>;
}

/** A token made as official clients make them, with the library they use and not with our code. */
export async function signToken(scopes: readonly string[] | undefined, changes: TokenChanges = {}) {
  const { key = DEV_KEY, alg = "HS256", issuer = "https://id.trigger.dev" } = changes;
  const { audience = "https://api.trigger.dev", claims } = changes;
  const jwt = new SignJWT({ sub: "dev", pub: true, ...(scopes === undefined ? {} : { scopes }), ...claims })
    .setProtectedHeader({ alg })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt();
  const expiresAt = "expiresAt" in changes ? changes.expiresAt : "15m";
  if (expiresAt !== undefined) jwt.setExpirationTime(expiresAt);
  return await jwt.sign(new TextEncoder().encode(key));
}

/** The header for a request. */
export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** Any JSON as a part of a token. */
export function tokenPart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
