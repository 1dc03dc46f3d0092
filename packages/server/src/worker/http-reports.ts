import { announceTasksReply, heartbeatsReply, startAttemptReply } from "@runmeta/runtime/protocol/schemas";
import { type ApiClient, ApiError } from "@runmeta/runtime/worker";
import type { AttemptReports, ReportResult, StartedRun } from "../engine/attempt-reports.ts";
import type { TaskAnnouncement } from "../service/announce-tasks.ts";
import type { AttemptOutcome } from "../service/attempt-request.ts";
import type { HeldAttempt } from "../service/run-attempts.ts";

/** Reports are repeated by whoever makes them: there it is known for how long that is of use. */
const ONCE = { retry: { maxAttempts: 1 }, retryConflict: false } as const;

/** A heartbeat that hangs must not hold up the next one. */
const HEARTBEAT_TIMEOUT_MS = 5_000;

const CONFLICTS = [
  "run_ended",
  "attempt_taken",
  "attempt_running",
  "attempt_out_of_order",
  "run_delayed",
  "queue_full",
] as const;

/** What a worker says to the server, over HTTP. Calls reject with `ApiError` when it is not known whether they arrived. */
export class HttpReports implements AttemptReports {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  async start(attempt: HeldAttempt): Promise<ReportResult<StartedRun>> {
    const result = await this.#say(attempt, "start", reference(attempt));
    return result.status === "done"
      ? { status: "done", run: startedRun(attempt.environment, result.run) }
      : result;
  }

  pause(attempt: HeldAttempt): Promise<ReportResult> {
    return this.#say(attempt, "pause", reference(attempt));
  }

  resume(attempt: HeldAttempt): Promise<ReportResult> {
    return this.#say(attempt, "resume", reference(attempt));
  }

  complete(attempt: HeldAttempt, outcome: AttemptOutcome): Promise<ReportResult> {
    const said = outcome.ok
      ? { ok: true, output: outcome.output?.data, outputType: outcome.output?.dataType }
      : outcome;
    return this.#say(attempt, "complete", { ...said, ...reference(attempt) });
  }

  release(attempt: HeldAttempt, how: { readonly interrupted: boolean }): Promise<ReportResult> {
    return this.#say(attempt, "release", { ...reference(attempt), interrupted: how.interrupted });
  }

  /** Says that runs still execute; in neither list: they have ended, or are somebody else's. */
  async heartbeats(
    holder: string,
    runIds: readonly string[],
  ): Promise<{ readonly held: readonly string[]; readonly cancelled: readonly string[] }> {
    const reply = await this.#client.request("POST", "/engine/v1/heartbeats", {
      body: { holder, runIds },
      timeoutMs: HEARTBEAT_TIMEOUT_MS,
      ...ONCE,
    });
    return heartbeatsReply.parse(reply);
  }

  /** Says what this worker executes. */
  async announce(tasks: readonly TaskAnnouncement[]): Promise<{ readonly maximumSizeBytes: number }> {
    const reply = await this.#client.request("PUT", "/engine/v1/tasks", { body: { tasks }, ...ONCE });
    return announceTasksReply.parse(reply);
  }

  async #say({ id }: HeldAttempt, what: string, body: object): Promise<ReportResult> {
    try {
      const run = await this.#client.request("POST", `/engine/v1/runs/${id}/${what}`, { body, ...ONCE });
      return { status: "done", run };
    } catch (error) {
      const refusal = error instanceof ApiError ? refusalOf(error) : undefined;
      if (refusal === undefined) throw error;
      return refusal;
    }
  }
}

function reference({ attempt, holder }: HeldAttempt) {
  return { attempt, holder };
}

function refusalOf({
  status,
  body,
  message,
}: ApiError): Exclude<ReportResult, { status: "done" }> | undefined {
  if (status === 404) return { status: "not-found" };
  const code = CONFLICTS.find((known) => known === field(body, "code"));
  if (status !== 409 || code === undefined) return undefined;
  const retryAfterMs = field(body, "retryAfterMs");
  return {
    status: "conflict",
    code,
    message,
    retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : undefined,
  };
}

function field(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined;
}

function startedRun(environment: string, reply: unknown): StartedRun {
  const { payload, payloadType, metadata, initialMetadata, createdAt, startedAt, ...run } =
    startAttemptReply.parse(reply);
  return {
    ...run,
    environment,
    payload: { data: payload, dataType: payloadType },
    metadata: JSON.stringify(metadata),
    initialMetadata: JSON.stringify(initialMetadata),
    // The server tells the key as it was written.
    idempotencyKeyOptions: undefined,
    createdAt: new Date(createdAt),
    startedAt: startedAt === undefined ? undefined : new Date(startedAt),
  };
}
