import { tokenClaimsReply } from "@runmeta/runtime/protocol/schemas";
import { identityClaims } from "../auth/public-token.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";

/** `POST /api/v1/auth/jwt/claims`: what a client puts into the tokens that it signs itself. */
export function jwtClaimsRoute(): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v1/auth/jwt/claims",
    access: { kind: "secret-key", unauthorized: "Invalid or Missing API key", reads: true },
    body: { kind: "none" },
    contract: {
      operationId: "tokenClaims",
      tag: "Tokens",
      summary: "Claims for tokens that a client signs itself",
      replies: {
        200: { description: "The claims that name the environment", schema: tokenClaimsReply },
      },
    },
    handle: async (request) => jsonReply(200, identityClaims(request.principal.environment)),
  });
}
