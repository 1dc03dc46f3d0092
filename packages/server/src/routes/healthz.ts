import { jsonReply } from "../http/reply.ts";
import type { Route } from "../http/route.ts";

/** `GET /healthz`: the process answers. It looks at nothing else, so that a slow database does not get it restarted. */
export function healthRoute(): Route {
  return {
    method: "GET",
    path: "/healthz",
    access: { kind: "open" },
    body: { kind: "none" },
    handle: async () => jsonReply(200, { status: "ok" }),
  };
}
