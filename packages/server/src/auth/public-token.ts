import { createHash } from "node:crypto";
import { decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { ApiKey } from "./api-key.ts";
import type { KeyRing } from "./key-ring.ts";
import type { PublicTokenPrincipal } from "./principal.ts";

/** Where official clients and servers say that tokens come from, and for whom they are. */
const ISSUER = "https://id.trigger.dev";
const AUDIENCE = "https://api.trigger.dev";
const ALGORITHM = "HS256";

/** Node takes no longer header; what is longer is not decoded at all. */
const MAX_TOKEN_LENGTH = 16 * 1024;

/** How long the tokens of handles are good for. */
const HANDLE_TOKEN_SECONDS = 3600;

/** Why a token is none: `not-public` are JWTs of other kinds, `unknown-environment` those with a `sub` that no key opens. */
export type TokenFailure = "invalid" | "not-public" | "unknown-environment";

/** What a token that is ours stands for, and the key that signed it. */
export interface VerifiedToken {
  readonly principal: PublicTokenPrincipal;
  readonly key: ApiKey;
}

/**
 * Checks a token as the official API does: HS256 and nothing else, signed with a key of the environment in `sub`, from
 * our issuer for our audience, with an `exp` in the future and no `nbf` there.
 */
export async function verifyPublicToken(
  token: string,
  keys: KeyRing,
  now: Date,
): Promise<VerifiedToken | TokenFailure> {
  const claimed = token.length > MAX_TOKEN_LENGTH ? undefined : unverifiedClaims(token);
  if (claimed === undefined) return "invalid";
  if (claimed.pub !== true) return "not-public";
  if (typeof claimed.sub !== "string") return "invalid";
  const tried = new Set<ApiKey>();
  for (const newest of [false, true]) {
    for (const key of await keys.of(claimed.sub, newest)) {
      if (tried.has(key)) continue;
      tried.add(key);
      const claims = await verifiedClaims(token, key, now);
      if (claims !== undefined) return { principal: principalOf(token, claims, key), key };
    }
  }
  return tried.size === 0 ? "unknown-environment" : "invalid";
}

/** What a token can do, and for how long. */
export interface TokenGrant {
  readonly scopes: readonly string[];
  /** Seconds since 1970. @default in an hour */
  readonly expiresAt?: number | undefined;
  /** Good for one trigger. */
  readonly oneTimeUse?: boolean | undefined;
  readonly realtime?: { readonly skipColumns?: readonly string[] | undefined } | undefined;
}

/** Signs a token as official clients do: any server that has the key can verify it, and none is told of it. */
export async function signPublicToken(key: ApiKey, grant: TokenGrant, now: Date): Promise<string> {
  const { scopes, oneTimeUse, realtime, expiresAt = secondsOf(now) + HANDLE_TOKEN_SECONDS } = grant;
  return await new SignJWT({
    ...identityClaims(key.environment),
    scopes,
    ...(oneTimeUse === true ? { otu: true } : {}),
    ...(realtime === undefined ? {} : { realtime }),
  })
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt(secondsOf(now))
    .setExpirationTime(expiresAt)
    .sign(await key.hmacKey());
}

/** What makes a token one of an environment. */
export function identityClaims(environment: string): { readonly sub: string; readonly pub: true } {
  return { sub: environment, pub: true };
}

function unverifiedClaims(token: string): JWTPayload | undefined {
  try {
    return decodeJwt(token);
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

async function verifiedClaims(token: string, key: ApiKey, now: Date): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, await key.hmacKey(), {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ["exp"],
      currentDate: now,
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

function principalOf(token: string, claims: JWTPayload, key: ApiKey): PublicTokenPrincipal {
  return {
    kind: "public-token",
    environment: key.environment,
    readOnly: key.readOnly,
    scopes: texts(claims.scopes),
    oneTimeToken: claims.otu === true ? nameOf(token) : undefined,
    skipColumns: skipColumnsOf(claims.realtime),
  };
}

function skipColumnsOf(realtime: unknown): readonly string[] | undefined {
  if (typeof realtime !== "object" || realtime === null || !("skipColumns" in realtime)) return undefined;
  return texts(realtime.skipColumns);
}

/** Of the signed part only: the last character of a signature can be written in several ways. */
function nameOf(token: string): string {
  return createHash("sha256")
    .update(token.slice(0, token.lastIndexOf(".")))
    .digest("base64url");
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** Seconds since 1970, as tokens count. */
export function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
