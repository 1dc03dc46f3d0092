import {
  type ApiClient,
  type AttemptOutcome,
  createRunTarget,
  currentConfig,
  describeError,
  executeAttempt,
  type TaskDefinition,
  type TaskWait,
} from "@runmeta/runtime/worker";
import type { AttemptOutcome as ReportedOutcome } from "../service/attempt-request.ts";
import type { HeldAttempt } from "../service/run-attempts.ts";
import type { RunRow } from "../storage/storage.ts";
import type { AttemptReports, ReportResult, StartedRun } from "./attempt-reports.ts";
import type { Concurrency, Place } from "./concurrency.ts";
import { describeRun } from "./run-description.ts";
import { Turn } from "./turn.ts";
import { untilStored } from "./until-stored.ts";
import { WaitReports } from "./wait-reports.ts";

/** One attempt that has ended in this process. */
export interface AttemptEnd {
  readonly runId: string;
  readonly task: string;
  /** From 1. */
  readonly attempt: number;
  readonly kind: AttemptOutcome["kind"];
  /** Milliseconds until the next attempt; undefined when there is none. */
  readonly retryAfterMs: number | undefined;
  /** What became of its metadata writes. */
  readonly stats: AttemptOutcome["stats"];
}

/** What one execution works with. */
export interface ExecutionParts {
  /** The attempt is the one before the one to execute. */
  readonly run: Pick<RunRow, "id" | "environment" | "attempt">;
  readonly task: TaskDefinition;
  readonly place: Place;
  readonly holder: string;
  readonly reports: AttemptReports;
  readonly client: ApiClient;
  readonly concurrency: Concurrency;
  /** Aborted when the engine's time is up: nothing is stored after it. */
  readonly deadline: AbortSignal;
  /** Of a document, where neither task nor config names a limit. */
  readonly maximumSizeBytes: number;
  onError(error: unknown): void;
  readonly onAttemptEnd: ((end: AttemptEnd) => void) | undefined;
  /** Called when the run has its turn; its attempt begins when it has resolved. Must not reject. */
  readonly beforeStart?: (() => Promise<void>) | undefined;
}

/** Why an execution was told to stop. */
export type StopReason = "cancelled" | "lost" | "shutdown";

/** One run that this process took: its turn, its attempt, and the report about it. */
export class RunExecution {
  readonly #parts: ExecutionParts;
  readonly #cancel = new AbortController();
  readonly #interrupt = new AbortController();
  readonly #turn: Turn;
  #reason: StopReason | undefined;
  #attempt: number;

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
    this.#attempt = parts.run.attempt;
    const told = AbortSignal.any([this.#cancel.signal, this.#interrupt.signal]);
    const waits = new WaitReports({
      reports: parts.reports,
      attempt: this.#next,
      signal: AbortSignal.any([told, parts.deadline]),
      onError: parts.onError,
    });
    this.#turn = new Turn({
      concurrency: parts.concurrency,
      place: parts.place,
      signal: told,
      onPause: () => waits.pause(),
      onResume: () => waits.resume(),
    });
  }

  /** The attempt to execute. */
  get #next(): HeldAttempt {
    const { run, holder } = this.#parts;
    return { environment: run.environment, id: run.id, attempt: run.attempt + 1, holder };
  }

  /** The environment of its run. */
  get environment(): string {
    return this.#parts.run.environment;
  }

  /** True while the run waits for its turn or for another run: it cannot go on by itself. */
  get idle(): boolean {
    return this.#turn.idle;
  }

  /** True once its code has begun. */
  get started(): boolean {
    return this.#attempt > this.#parts.run.attempt;
  }

  /** Ends it early; the first reason counts. */
  stop(reason: StopReason): void {
    this.#reason ??= reason;
    const controller = reason === "cancelled" ? this.#cancel : this.#interrupt;
    controller.abort(new Error(STOP_MESSAGES[reason]));
  }

  /** Never rejects. Resolves when the run is over here: ended, waiting for its next attempt, or given back. */
  async run(): Promise<void> {
    const { onError } = this.#parts;
    try {
      if (await this.#turn.begin()) await this.#attemptOnce();
      else await this.#giveBack(false);
    } catch (error) {
      onError(error);
    } finally {
      this.#turn.end();
    }
  }

  async #attemptOnce(): Promise<void> {
    const { reports, run } = this.#parts;
    const reference = this.#next;
    await this.#parts.beforeStart?.();
    const started = await this.#store(() => reports.start(reference));
    if (started?.status !== "done") {
      // Cancelled in the meantime, mostly. Where it is still this process's, it must not stay so.
      const unstarted = { ...reference, attempt: run.attempt };
      if (started !== undefined)
        await this.#store(() => settled(reports.release(unstarted, { interrupted: false })));
      return;
    }
    this.#attempt = reference.attempt;
    const report = await this.#execute(started.run);
    if (report === undefined) {
      // A cancelled run has ended already, a lost one is somebody else's.
      if (this.#reason === "shutdown") await this.#giveBack(true);
      return;
    }
    await this.#store(() => settled(reports.complete(reference, report)));
  }

  async #execute(run: StartedRun): Promise<ReportedOutcome | undefined> {
    const { task, client, maximumSizeBytes } = this.#parts;
    try {
      const outcome = await executeAttempt({
        task,
        run: describeRun(run, task),
        client,
        target: createRunTarget({
          runId: run.id,
          endpoint: () => client,
          clock: client.clock,
          limitBytes: maximumSizeBytes,
        }),
        metadataOptions: { maximumSize: definedMaximumSize(task) ?? maximumSizeBytes },
        signal: this.#cancel.signal,
        interrupt: this.#interrupt.signal,
        onWait: (wait) => this.#turn.pause(isForRuns(wait)),
        onResume: (wait) => this.#turn.resume(isForRuns(wait)),
      });
      this.#announce(outcome);
      return reported(outcome);
    } catch (error) {
      // Options of the task or the config that cannot work: no attempt can.
      return { ok: false, status: "SYSTEM_FAILURE", error: describeError(error) };
    }
  }

  #announce(outcome: AttemptOutcome): void {
    const { run, task, onAttemptEnd, onError } = this.#parts;
    const { kind, stats } = outcome;
    const retryAfterMs = outcome.kind === "failed" ? outcome.retryAfterMs : undefined;
    try {
      onAttemptEnd?.({ runId: run.id, task: task.id, attempt: this.#attempt, kind, retryAfterMs, stats });
    } catch (error) {
      onError(error);
    }
  }

  async #giveBack(interrupted: boolean): Promise<void> {
    if (this.#reason !== "shutdown") return;
    const reference = { ...this.#next, attempt: this.#attempt };
    await this.#store(() => settled(this.#parts.reports.release(reference, { interrupted })));
  }

  #store<T>(change: () => Promise<T>): Promise<T | undefined> {
    const { deadline, onError } = this.#parts;
    return untilStored(change, { signal: deadline, onError });
  }
}

const STOP_MESSAGES: Readonly<Record<StopReason, string>> = {
  cancelled: "The run was cancelled",
  lost: "Another process has taken this run over",
  shutdown: "The process shuts down; the run goes on at the next start",
};

/** What is not said otherwise is as large as the server allows. */
function definedMaximumSize(task: TaskDefinition): number | undefined {
  return task.settings.metadata?.maximumSize ?? currentConfig()?.metadata?.maximumSize;
}

/** Others kept changing the run while this process tried to: nothing was stored, so it has to be tried again. */
async function settled(change: Promise<ReportResult>): Promise<ReportResult> {
  const result = await change;
  if (result.status === "conflict" && result.code === "attempt_running") throw new Error(result.message);
  return result;
}

function isForRuns(wait: TaskWait): boolean {
  return wait.type !== "duration";
}

function reported(outcome: AttemptOutcome): ReportedOutcome | undefined {
  if (outcome.kind === "completed") return { ok: true, output: outcome.output };
  if (outcome.kind !== "failed") return undefined;
  return {
    ok: false,
    error: outcome.error,
    status: outcome.timedOut ? "TIMED_OUT" : "FAILED",
    retryAfterMs: outcome.retryAfterMs,
  };
}
