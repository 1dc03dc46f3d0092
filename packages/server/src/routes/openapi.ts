import { z } from "zod";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { OpenApiDocument } from "../openapi/openapi-document.ts";

/** `GET /openapi.json`: this API, described. Open: it is the same for every server of a version and holds no secret. */
export function openApiRoute(document: () => OpenApiDocument): Route {
  return defineRoute({
    method: "GET",
    path: "/openapi.json",
    access: { kind: "open" },
    body: { kind: "none" },
    contract: {
      operationId: "openapi",
      tag: "Server",
      summary: "Retrieve this description",
      replies: {
        200: { description: "An OpenAPI 3.1 document", schema: z.looseObject({ openapi: z.string() }) },
      },
    },
    handle: async () => jsonReply(200, document()),
  });
}
