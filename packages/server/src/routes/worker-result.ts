import { isEnded } from "@runmeta/runtime/protocol";
import { runResultReply } from "@runmeta/runtime/protocol/schemas";
import { z } from "zod";
import { queryParameters } from "../http/query-parameters.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import type { RunRow } from "../storage/storage.ts";
import { runIdParameter } from "./run-id-parameter.ts";
import { WORKER_NOT_FOUND, workerNotFound } from "./worker-reply.ts";

/** Longer waits are cut by proxies on the way; the caller asks again. */
const MAX_TIMEOUT_MS = 20_000;

const resultQuery = z.object({
  timeoutMs: z
    .string()
    .regex(/^\d{1,9}$/, "Must be a number of milliseconds")
    .transform((text) => Math.min(Number(text), MAX_TIMEOUT_MS))
    .optional()
    .describe("How long to wait at most, in milliseconds; 20,000 unless given, and never longer."),
});

/**
 * `GET /engine/v1/runs/{runId}/result?timeoutMs=20000`: waits for the end of a run, at most 20 s (the default).
 *
 * 200 `{ ok: true, id, status, output?, outputType? }` (`output` is the text in the format of `outputType`),
 * `{ ok: false, id, status, error: { name?, message, stackTrace? } }`, or `{ pending: true, id, status }`: ask again.
 * 400 a timeout that is no number · 404.
 */
export function resultRoute({ runs }: Services): Route {
  return defineRoute({
    method: "GET",
    path: "/engine/v1/runs/:runId/result",
    access: { kind: "secret-key" },
    body: { kind: "none" },
    query: resultQuery,
    contract: {
      operationId: "waitForResult",
      tag: "Workers",
      summary: "Wait for the end of a run",
      description:
        "Answers at the end of the run, or with `pending: true` after `timeoutMs`: ask again then.",
      replies: {
        200: { description: "The output, the error, or `pending`", schema: runResultReply },
        404: WORKER_NOT_FOUND,
      },
    },
    async handle(request) {
      const id = runIdParameter(request, workerNotFound);
      const { timeoutMs = MAX_TIMEOUT_MS } = queryParameters(request);
      const { environment } = request.principal;
      const run = await runs.waitForEnd(environment, id, timeoutMs, request.call.signal);
      if (run === undefined) throw workerNotFound();
      return jsonReply(200, resultOf(run));
    },
  });
}

function resultOf(run: RunRow) {
  const { id, status } = run;
  if (!isEnded(status)) return { pending: true, id, status };
  if (status === "COMPLETED") {
    const output = run.output?.data;
    return {
      ok: true,
      id,
      status,
      output,
      outputType: output === undefined ? undefined : run.output?.dataType,
    };
  }
  return {
    ok: false,
    id,
    status,
    error: run.error ?? { name: "RunNotCompleted", message: `The run ended as ${status}` },
  };
}
