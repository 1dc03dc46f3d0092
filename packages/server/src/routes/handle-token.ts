import { identityClaims } from "../auth/public-token.ts";
import type { RouteRequest } from "../http/route.ts";

/** What contracts say of {@link handleToken}. */
export const HANDLE_TOKEN_HEADERS = {
  "x-trigger-jwt": "A public token that reads what was triggered, good for an hour.",
  "x-trigger-jwt-claims":
    "Claims, as JSON, from which an official client signs a token for it with the secret key.",
} as const;

/**
 * Headers with which official clients read what they have just triggered: a token that is ready to use, and the claims
 * from which a client that has the secret key can sign one itself.
 */
export async function handleToken(
  request: RouteRequest,
  scopes: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  return {
    "x-trigger-jwt": await request.issueToken({ scopes }),
    "x-trigger-jwt-claims": JSON.stringify(identityClaims(request.principal.environment)),
  };
}
