import { z } from "zod";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";

/** `GET /healthz`: the process answers. It looks at nothing else, so that a slow database does not get it restarted. */
export function healthRoute(): Route {
  return defineRoute({
    method: "GET",
    path: "/healthz",
    access: { kind: "open" },
    body: { kind: "none" },
    contract: {
      operationId: "health",
      tag: "Server",
      summary: "Ask whether the process answers",
      description: "Looks at nothing else, the database included.",
      replies: { 200: { description: "It does", schema: z.object({ status: z.literal("ok") }) } },
    },
    handle: async () => jsonReply(200, { status: "ok" }),
  });
}
