import { completeAttemptReply, heldAttemptBody } from "@runmeta/runtime/protocol/schemas";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { runIdParameter } from "./run-id-parameter.ts";
import { settledRun, WORKER_NOT_FOUND, workerNotFound } from "./worker-reply.ts";

const LIMIT_BYTES = 16 * 1024;

/**
 * `POST /engine/v1/runs/{runId}/pause`: the run waits for other runs, or for time; another one of its queue may begin.
 *
 * Body `{ attempt, holder }`. 200 `{ id, status, attempt }` · 404 · 409 with `code`: `run_ended`, `attempt_taken`,
 * `attempt_out_of_order`.
 */
export function pauseAttemptRoute({ runs }: Services): Route {
  return waitRoute(
    "pause",
    "Say that a run waits",
    "It shows as WAITING, keeps its heartbeat, and another run of its queue may begin.",
    (attempt) => runs.pause(attempt),
  );
}

/**
 * `POST /engine/v1/runs/{runId}/resume`: the wait is over. The same, and 409 `queue_full` with `retryAfterMs`: its queue
 * has no room; it goes before runs that have not begun.
 */
export function resumeAttemptRoute({ runs }: Services): Route {
  return waitRoute(
    "resume",
    "Say that a run goes on",
    "Refused with `queue_full` while as many runs of its queue execute as its limit allows; ask again after `retryAfterMs`. It goes before runs that have not begun.",
    (attempt) => runs.resume(attempt),
  );
}

function waitRoute(
  name: "pause" | "resume",
  summary: string,
  description: string,
  move: Services["runs"]["pause"],
): Route {
  return defineRoute({
    method: "POST",
    path: `/engine/v1/runs/:runId/${name}`,
    access: { kind: "secret-key" },
    body: { kind: "json", schema: heldAttemptBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: `${name}Attempt`,
      tag: "Workers",
      summary,
      description,
      replies: {
        200: { description: "How the run stands", schema: completeAttemptReply },
        404: WORKER_NOT_FOUND,
        409: `\`run_ended\`, \`attempt_taken\`, \`attempt_out_of_order\`${name === "resume" ? ", `queue_full`" : ""}`,
      },
    },
    async handle(request) {
      const id = runIdParameter(request, workerNotFound);
      const { environment } = request.principal;
      const run = settledRun(await move({ environment, id, ...jsonBody(request) }));
      return jsonReply(200, { id, status: run.status, attempt: run.attempt });
    },
  });
}
