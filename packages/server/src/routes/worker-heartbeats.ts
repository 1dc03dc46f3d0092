import { heartbeatsBody, heartbeatsReply } from "@runmeta/runtime/protocol/schemas";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";

/** Ten thousand ids, and room for longer ones than ours. */
const LIMIT_BYTES = 1024 * 1024;

/**
 * `POST /engine/v1/heartbeats`: all runs that a worker executes, in one call.
 *
 * Body `{ holder, runIds }`. 200 `{ held, cancelled }`; a run in neither list has ended, or is somebody else's.
 */
export function heartbeatsRoute({ runs }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/engine/v1/heartbeats",
    access: { kind: "secret-key" },
    body: { kind: "json", schema: heartbeatsBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: "heartbeatWorker",
      tag: "Workers",
      summary: "Say that several runs of one worker still execute",
      description: "What the single heartbeat says, for all runs that one `holder` has begun.",
      replies: {
        200: { description: "What is still the worker's own, and what to stop", schema: heartbeatsReply },
      },
    },
    async handle(request) {
      const { holder, runIds } = jsonBody(request);
      return jsonReply(200, await runs.heartbeats(request.principal.environment, holder, runIds));
    },
  });
}
