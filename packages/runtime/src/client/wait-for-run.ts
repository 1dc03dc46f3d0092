import { currentScope } from "../context/context-storage.ts";
import { ApiError } from "../errors.ts";
import { isEnded } from "../protocol/run-status.ts";
import type { ApiClient, ApiReply } from "./api-client.ts";
import { requireApiClient } from "./configure.ts";
import { decodePacket } from "./packet.ts";
import { pathSegment } from "./path-segment.ts";
import { pause } from "./pause.ts";
import { replyField, replyString, unreadableReply } from "./reply-field.ts";

/** How a run ended. */
export type RunResult<Output = unknown> =
  | { readonly ok: true; readonly id: string; readonly output: Output }
  | { readonly ok: false; readonly id: string; readonly error: Error };

/** The server may hold a request this long; ours ends later, so that a healthy wait is never cut. */
const LONG_POLL_MS = 20_000;
const LONG_POLL_DEADLINE_MS = 30_000;
/** Between two requests where the server cannot hold one. */
const POLL_MS = 1_000;
/** A server that is down for less than this only delays the answer. */
const LONGEST_OUTAGE_MS = 15 * 60_000;

/** The error of a run, as an Error with the name, message and stack it had. */
function runError(value: unknown): Error {
  const field = (name: string): string | undefined => {
    if (typeof value !== "object" || value === null) return undefined;
    const found: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
    return typeof found === "string" ? found : undefined;
  };
  const error = new Error(field("message") ?? (typeof value === "string" ? value : "The run failed"));
  const name = field("name");
  const stack = field("stackTrace");
  if (name !== undefined) error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** One look: the result, or "pending". */
type Look = (
  client: ApiClient,
  id: string,
  signal: AbortSignal | undefined,
) => Promise<RunResult | "pending">;

const lookAtResult: Look = async (client, id, signal) => {
  const path = `/engine/v1/runs/${pathSegment("the run's id", id)}/result`;
  const reply = await client.send("GET", path, {
    query: { timeoutMs: String(LONG_POLL_MS) },
    signal,
    timeoutMs: LONG_POLL_DEADLINE_MS,
  });
  if (replyField(reply, "pending") === true) return "pending";
  const ok = replyField(reply, "ok");
  if (ok === false) return { ok: false, id, error: runError(replyField(reply, "error")) };
  if (ok !== true) throw unreadableReply(`GET ${path}`, reply, 'has neither "pending" nor "ok"');
  const data = replyField(reply, "output");
  const dataType = replyField(reply, "outputType");
  const output = await decodePacket({
    data: typeof data === "string" ? data : undefined,
    dataType: typeof dataType === "string" ? dataType : "application/json",
  });
  return { ok: true, id, output };
};

/** For servers without the route above. The output is plain JSON there: a Date is its ISO string. */
const lookAtRun: Look = async (client, id, signal) => {
  const path = `/api/v3/runs/${pathSegment("the run's id", id)}`;
  const reply: ApiReply = await client.send("GET", path, { signal });
  const status = replyString(`GET ${path}`, reply, "status");
  if (!isEnded(status)) return "pending";
  if (status === "COMPLETED") return { ok: true, id, output: replyField(reply, "output") };
  const error = replyField(reply, "error");
  return {
    ok: false,
    id,
    error: error === undefined ? new Error(`The run ended as ${status}`) : runError(error),
  };
};

function isOutage(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

/**
 * Waits until a run has ended, however long that takes. An endpoint that is down for less than 15 minutes only delays it.
 * `Output` is the caller's word for what the task returns.
 * @throws ApiError when the run does not exist or the endpoint stays away; the reason of `signal` (by default the
 * current run's) when it is aborted
 */
export async function waitForRun<Output = unknown>(
  id: string,
  options: { readonly signal?: AbortSignal | undefined; readonly client?: ApiClient | undefined } = {},
): Promise<RunResult<Output>> {
  const client = options.client ?? requireApiClient();
  const signal = options.signal ?? currentScope()?.signal;
  const { clock } = client;
  let look = lookAtResult;
  let lastAnswerAt = clock.now();
  for (;;) {
    const startedAt = clock.now();
    try {
      const result = await look(client, id, signal);
      // What a task returns is known to its type only.
      if (result !== "pending") return result as RunResult<Output>;
      lastAnswerAt = clock.now();
    } catch (error) {
      if (look === lookAtResult && error instanceof ApiError && error.status === 404) {
        look = lookAtRun;
        continue;
      }
      if (!isOutage(error) || clock.now() - lastAnswerAt > LONGEST_OUTAGE_MS) throw error;
    }
    // A held request has waited already; an answer that came at once must not become a loop without a pause.
    if (look === lookAtRun || clock.now() - startedAt < POLL_MS) await pause(clock, POLL_MS, signal);
  }
}
