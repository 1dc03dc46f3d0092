/**
 * Header from which official clients make the public token of a handle: they add scopes to these claims and sign with
 * their own key.
 */
export function tokenClaims(environment: string): Readonly<Record<string, string>> {
  return { "x-trigger-jwt-claims": JSON.stringify({ sub: environment, pub: true }) };
}
