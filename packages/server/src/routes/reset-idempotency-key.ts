import { resetIdempotencyKeyBody, runIdReply } from "@runmeta/runtime/protocol/schemas";
import { permission } from "../auth/scopes.ts";
import { HttpError } from "../http/http-error.ts";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";

const LIMIT_BYTES = 16 * 1024;

/** Characters of a key that an error repeats. */
const SHOWN_LENGTH = 128;

/** `POST /api/v1/idempotencyKeys/{key}/reset`: frees an idempotency key. */
export function resetIdempotencyKeyRoute({ runs }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v1/idempotencyKeys/:key/reset",
    access: { kind: "public-token", scopes: ["write:runs", "write:tasks:{taskIdentifier}"] },
    body: { kind: "json", schema: resetIdempotencyKeyBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: "resetIdempotencyKey",
      tag: "Tasks",
      summary: "Free an idempotency key",
      description:
        "The next trigger of the task with this key starts a new run. The key is the one that the trigger sent, so the hash where a client hashes.",
      replies: {
        200: { description: "The key is free", schema: runIdReply },
        404: "`No runs found with idempotency key: X and task: Y`",
      },
    },
    async handle(request) {
      const key = request.param("key");
      const { taskIdentifier } = jsonBody(request);
      request.authorize([permission("write", "runs"), permission("write", "tasks", taskIdentifier)]);
      if (await runs.resetIdempotencyKey(request.principal.environment, taskIdentifier, key)) {
        return jsonReply(200, { id: key });
      }
      const [shownKey, shownTask] = [key, taskIdentifier].map((text) => text.slice(0, SHOWN_LENGTH));
      throw new HttpError(404, `No runs found with idempotency key: ${shownKey} and task: ${shownTask}`);
    },
  });
}
