import { isJsonObject, isRunId } from "@runmeta/runtime/protocol";
import { completeAttemptBody, registerRunBody, startAttemptBody } from "@runmeta/runtime/protocol/schemas";
import { type EndpointRun, hasEnded } from "./endpoint-run.ts";
import type { EndpointRuns } from "./endpoint-runs.ts";
import { retrievedRun } from "./retrieved-run.ts";
import { json, parseBody, type Route, type RoutedRequest, refusal } from "./route.ts";

/** A server holds a question for the end of a run this long, in milliseconds. */
const LONGEST_HOLD_MS = 20_000;

/** Holds a question for the end of a run, on the clock of who asks. */
export function holdUntilEnd(runs: EndpointRuns, run: EndpointRun, routed: RoutedRequest): Promise<void> {
  const asked = Number(routed.url.searchParams.get("timeoutMs") ?? LONGEST_HOLD_MS);
  return new Promise((resolve) => {
    const release = () => {
      forget();
      timer.cancel();
      routed.request.signal.removeEventListener("abort", release);
      resolve();
    };
    const forget = runs.onEnd(run, release);
    const timer = routed.clock.setTimer(release, Math.min(asked, LONGEST_HOLD_MS));
    routed.request.signal.addEventListener("abort", release, { once: true });
  });
}

function conflict(code: string, error: string, endedAs?: string): Response {
  return json(409, { error, code, status: endedAs }, { "x-should-retry": "false" });
}

function result(run: EndpointRun): Response {
  const { id, status } = run;
  if (!hasEnded(run)) return json(200, { pending: true, id, status });
  if (status === "COMPLETED") {
    return json(200, { ok: true, id, status, output: run.output?.data, outputType: run.output?.dataType });
  }
  const error = run.error ?? { name: "RunNotCompleted", message: `The run ended as ${status}` };
  return json(200, { ok: false, id, status, error });
}

/** Calls about one run: those of workers (`/engine/v1/runs/…`), reading it, cancelling it. */
export function runRoutes(runs: EndpointRuns): readonly Route[] {
  const about =
    (
      handle: (run: EndpointRun, routed: RoutedRequest) => Response | Promise<Response>,
      unknown = "Task Run not found",
    ): Route["handle"] =>
    (routed) => {
      const run = runs.find(routed.parameters[0] ?? "");
      return run === undefined ? refusal(404, unknown) : handle(run, routed);
    };
  const state = (run: EndpointRun) => ({ id: run.id, status: run.status, attempt: run.attempt });

  return [
    {
      method: "PUT",
      path: /^\/engine\/v1\/runs\/([^/]+)$/,
      handle(routed) {
        const id = routed.parameters[0] ?? "";
        const body = registerRunBody.safeParse(parseBody(routed.text));
        if (!isRunId(id)) return refusal(404, "Task Run not found");
        if (!body.success) return refusal(400, "Validation error");
        const before = runs.find(id);
        const { task, metadata, tags, payload, payloadType, parentId, rootId } = body.data;
        if (metadata !== undefined && !isJsonObject(metadata)) return refusal(400, "Invalid metadata");
        const run =
          before ??
          runs.create({
            id,
            task,
            metadata,
            payload: {
              data: payload === undefined ? undefined : JSON.stringify(payload),
              dataType: payloadType ?? "application/json",
            },
            tags: typeof tags === "string" ? [tags] : tags,
            parentId,
            rootId,
            createdAt: routed.clock.wallTime(),
          });
        const created = before === undefined;
        return json(created ? 201 : 200, { ...state(run), created, metadata: run.document.current });
      },
    },
    {
      method: "POST",
      path: /^\/engine\/v1\/runs\/([^/]+)\/start$/,
      handle: about((run, routed) => {
        const body = startAttemptBody.safeParse(parseBody(routed.text));
        if (!body.success) return refusal(400, "Validation error");
        const { attempt, holder } = body.data;
        if (hasEnded(run)) {
          return conflict("run_ended", `The run has ended as ${run.status}`, run.status);
        }
        if (run.status === "EXECUTING" && attempt === run.attempt) {
          if (holder === undefined || holder !== run.holder) {
            return conflict("attempt_taken", `Attempt ${attempt} is executed by somebody else`);
          }
        } else if (attempt <= run.attempt) {
          return conflict("attempt_out_of_order", `Attempt ${run.attempt} has been started`);
        }
        runs.start(run, attempt, routed.clock.wallTime(), holder);
        const { parentId, rootId, tags, task, payload } = run;
        return json(200, {
          ...state(run),
          holder: body.data.holder,
          task,
          tags,
          parentId,
          rootId,
          metadata: run.document.current,
          payload: payload.data,
          payloadType: payload.dataType,
          maxAttempts: run.maxAttempts,
        });
      }),
    },
    {
      method: "POST",
      path: /^\/engine\/v1\/runs\/([^/]+)\/heartbeat$/,
      handle: about((run) => json(200, { ...state(run), cancelled: run.status === "CANCELED" })),
    },
    {
      method: "POST",
      path: /^\/engine\/v1\/runs\/([^/]+)\/complete$/,
      handle: about((run, routed) => {
        const body = completeAttemptBody.safeParse(parseBody(routed.text));
        if (!body.success) return refusal(400, "Validation error");
        const { data } = body;
        const finishedAt = routed.clock.wallTime();
        if (data.ok) {
          const output =
            data.output === undefined
              ? undefined
              : { data: JSON.stringify(data.output), dataType: data.outputType ?? "application/json" };
          runs.end(run, { status: "COMPLETED", output, error: undefined, finishedAt });
        } else if (data.retryAfterMs === undefined) {
          const { name, message } = data.error;
          const error = name === undefined ? { message } : { name, message };
          runs.end(run, { status: data.status ?? "FAILED", output: undefined, error, finishedAt });
        } else if (!hasEnded(run)) {
          runs.release(run);
        }
        return json(200, state(run));
      }),
    },
    {
      method: "GET",
      path: /^\/engine\/v1\/runs\/([^/]+)\/result$/,
      handle: about(async (run, routed) => {
        if (!hasEnded(run)) await holdUntilEnd(runs, run, routed);
        return result(run);
      }),
    },
    {
      method: "GET",
      path: /^\/api\/v3\/runs\/([^/]+)$/,
      handle: about((run) => json(200, retrievedRun(run, runs)), "Not found"),
    },
    {
      method: "POST",
      path: /^\/api\/v2\/runs\/([^/]+)\/cancel$/,
      handle: about((run, routed) => {
        routed.engine?.cancel(run);
        const finishedAt = routed.clock.wallTime();
        runs.end(run, { status: "CANCELED", output: undefined, error: undefined, finishedAt });
        return json(200, { id: run.id });
      }, "Resource not found"),
    },
  ];
}
