/** What contracts say of {@link tokenClaims}. */
export const TOKEN_CLAIMS_HEADERS = {
  "x-trigger-jwt-claims":
    "Claims, as JSON, from which an official client signs the public token of the handle.",
} as const;

/**
 * Header from which official clients make the public token of a handle: they add scopes to these claims and sign with
 * their own key.
 */
export function tokenClaims(environment: string): Readonly<Record<string, string>> {
  return { "x-trigger-jwt-claims": JSON.stringify({ sub: environment, pub: true }) };
}
