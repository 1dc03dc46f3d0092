/** What a public token says besides who may use it for how long. */
export interface TokenClaims {
  readonly scopes?: readonly string[] | undefined;
  /** Good for one trigger. */
  readonly otu?: boolean | undefined;
  readonly realtime?: { readonly skipColumns?: readonly string[] | undefined } | undefined;
}

const ISSUER = "https://id.trigger.dev";
const AUDIENCE = "https://api.trigger.dev";
const HEADER = { alg: "HS256" };

/**
 * Signs claims with a secret key, as the official client does: HMAC-SHA-256 with the text of the key. By hand, since a
 * library for all of JWT would weigh more than this package.
 */
export async function signToken(
  secretKey: string,
  claims: TokenClaims,
  times: { readonly issuedAt: number; readonly expiresAt: number },
): Promise<string> {
  const payload = { ...claims, iss: ISSUER, aud: AUDIENCE, iat: times.issuedAt, exp: times.expiresAt };
  const signed = `${base64url(utf8(JSON.stringify(HEADER)))}.${base64url(utf8(JSON.stringify(payload)))}`;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8(secretKey), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, utf8(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function base64url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
