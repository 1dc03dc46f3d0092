import type { ApiClient } from "../client/api-client.ts";
import { apiClientKey, findApiClient } from "../client/configure.ts";
import { type Clock, systemClock } from "../clock.ts";
import { runOutsideScope } from "../context/context-storage.ts";
import { ConfigError, MetadataValueError } from "../errors.ts";
import { LazyAbort } from "../lazy-abort.ts";
import {
  type Drop,
  type MetadataOptions,
  type ResolvedMetadataOptions,
  resolveMetadataOptions,
  type Warning,
} from "../options.ts";
import { copyJson } from "../protocol/copy-json.ts";
import type { JsonObject } from "../protocol/json.ts";
import { isRunId } from "../protocol/run-id.ts";
import type { FlushStats } from "../store/ledger.ts";
import { memoryTarget } from "../target/memory-target.ts";
import { createRunTarget } from "../target/run-target.ts";
import type { Target } from "../target/target.ts";
import { type CurrentRun, handleOf } from "./current-run.ts";
import { followConfiguration } from "./follow-configuration.ts";
import type { WriteListener } from "./observe-writes.ts";
import { type OpenRun, openRun } from "./open-run.ts";
import { RegisteredRun, type StartedAttempt } from "./registered-run.ts";
import { createRegisteredTarget } from "./registered-target.ts";
import { replayAtStart } from "./replay-at-start.ts";
import { newRunId, runIdOfKey } from "./run-id.ts";
import { createSeededTarget, type SeededTarget } from "./seeded-target.ts";
import { currentConfig } from "./use-config.ts";

/** A server that does not answer must not hold up the job. */
const START_TIMEOUT_MS = 2_000;

/** Makes the target of a run whose id is known by then. */
export type TargetFor = (run: {
  readonly runId: string;
  readonly clock: Clock;
  readonly limitBytes: number;
  readonly mode: "operations" | "replace";
}) => Target;

/** Options of {@link withRun}; all have defaults. */
export interface RunOptions {
  /** `run_` and 1 to 64 of `[A-Za-z0-9_-]`. @default derived from `key`, else a new one */
  readonly id?: string | undefined;
  /** Names the work, for example a queue's and a job's id: the same key is the same run, so a retried job is its next attempt. */
  readonly key?: string | undefined;
  /** What the document starts with. A run that exists goes on with what is stored. @default {} */
  readonly metadata?: object | undefined;
  /** The run that `metadata.parent` writes to. @default none: such writes land on the run itself */
  readonly parentId?: string | undefined;
  /**
   * Task of a parent that the server may not know yet, since its children run first (a queue's flow): it is registered
   * before this run. @default the parent is registered by whoever runs it
   */
  readonly parentTask?: string | undefined;
  /** The run that `metadata.root` writes to. @default none: such writes land on the run itself */
  readonly rootId?: string | undefined;
  /** Name of the task, as the server lists it. @default "run" */
  readonly task?: string | undefined;
  /** From 1. @default the next one that the server has not seen, else 1 */
  readonly attempt?: number | undefined;
  /**
   * True when somebody else lets only one execute the work at a time (a queue's lock): an attempt that the server thinks to
   * be running still (its worker died a moment ago, or its end could not be reported) gives way to this one, which gets
   * the next free number. @default false: this attempt is refused
   */
  readonly takeOver?: boolean | undefined;
  /**
   * Whether another attempt follows one that failed with this error: the run stays open for it then. What follows is
   * whoever calls `withRun` again to do; must not throw. @default a failed attempt ends the run
   */
  readonly willRetry?: ((error: unknown) => boolean) | undefined;
  /** What the run can be found by: at most 10, each of at most 128 characters. @default none */
  readonly tags?: readonly string[] | undefined;
  /** Shown with the run; any JSON. */
  readonly payload?: unknown;
  /**
   * Where the document is kept. Given, the run itself is not registered anywhere, and what is stored there is read
   * before the body is called (2 seconds at most).
   * @default the configured API, where the run is registered, kept alive and completed; else this process's memory
   */
  readonly target?: Target | TargetFor | undefined;
  /** Calls the API for this run and for what `body` does, in place of the configured client; made by tests and adapters. */
  readonly client?: ApiClient | undefined;
  /** How writes are batched and delivered. */
  readonly flush?: Omit<MetadataOptions, "maximumSize" | "onDrop" | "onWarning"> | undefined;
  /**
   * Largest document, in bytes; never more than what `target` takes.
   * @default the target's, where it has a limit of its own; else `TASK_RUN_METADATA_MAXIMUM_SIZE`, else 4096
   */
  readonly maximumSize?: number | undefined;
  /** Cancels the run: its own `signal` is aborted then. */
  readonly signal?: AbortSignal | undefined;
  /** Time; for tests. @default the system's */
  readonly clock?: Clock | undefined;
  /** Receives warnings instead of `process.emitWarning`. @default the config's */
  readonly onWarning?: ((warning: Warning) => void) | undefined;
  /** Called for each loss. @default the config's */
  readonly onDrop?: ((drop: Drop) => void) | undefined;
  /**
   * Told of each accepted write, inside the call that made it; must not throw. For tests: it costs a copy of the document
   * a write.
   */
  readonly onWrite?: WriteListener | undefined;
  /** `replace` sends whole documents, for endpoints that know no operations. @default "operations" */
  readonly mode?: "operations" | "replace" | undefined;
}

/** How a run ended, and what became of its metadata. */
export type RunResult<T> = {
  readonly id: string;
  /** Everything accepted is stored, or was dropped by name. */
  readonly flushed: boolean;
  /** Writes that are not stored yet; this process keeps trying while it lives. */
  readonly pending: number;
  readonly stats: FlushStats;
} & ({ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown });

/**
 * Opens a run around any code: a queue's worker, a script, a Lambda handler. Everything `body` calls, at any depth,
 * writes to this run with `metadata`. Ends with the last flush, and gives what `body` gives.
 *
 * @throws what `body` throws, unchanged; ConfigError and MetadataValueError for options, before `body` is called;
 *   ApiError when the server says that this attempt must not run
 * @example
 * await withRun({ key: `emails:${job.id}` }, async () => {
 *   metadata.set("status", "sending");
 * });
 */
export async function withRun<T>(options: RunOptions, body: (run: CurrentRun) => T | Promise<T>): Promise<T> {
  const result = await withRunResult(options, body);
  if (result.ok) return result.value;
  throw result.error;
}

/** Same as {@link withRun}, and tells what became of the metadata; the body's error is a value here. */
export async function withRunResult<T>(
  options: RunOptions,
  body: (run: CurrentRun) => T | Promise<T>,
): Promise<RunResult<T>> {
  const run = await begin(options);
  const outcome = await run.opened.run(() => settle(body, run.opened));
  const endedAt = (options.clock ?? systemClock).now();
  const { flushed, pending, stats } = await run.opened.close();
  await run.complete(outcome, endedAt);
  return { id: run.opened.scope.id, flushed, pending, stats, ...outcome };
}

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

async function settle<T>(body: (run: CurrentRun) => T | Promise<T>, opened: OpenRun): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await body(handleOf(opened.scope)) };
  } catch (error) {
    return { ok: false, error };
  }
}

interface BegunRun {
  readonly opened: OpenRun;
  /** Reports the end; waits for that until `drainTimeoutMs` after `endedAt`, the last flush included (I10). */
  complete(outcome: Outcome<unknown>, endedAt: number): Promise<void>;
}

async function begin(options: RunOptions): Promise<BegunRun> {
  const metadataOptions = resolveMetadataOptions(currentConfig()?.metadata, options.flush, {
    maximumSize: options.maximumSize,
    onDrop: options.onDrop,
    onWarning: options.onWarning,
  });
  checkOptions(options);
  checkId(options.id);
  const id = options.id ?? (options.key === undefined ? newRunId() : await runIdOfKey(options.key));
  const clock = options.clock ?? systemClock;
  const mode = options.mode ?? "operations";
  if (options.target !== undefined) {
    const { target } = options;
    const made =
      typeof target === "function"
        ? target({ runId: id, clock, limitBytes: metadataOptions.maximumSize, mode })
        : target;
    const targetOptions = fitTarget(metadataOptions, made, options.maximumSize);
    const document = checkDocument(options.metadata, targetOptions.maximumSize);
    return openAtTarget(options, targetOptions, { id, clock, target: made, document });
  }
  const document = checkDocument(options.metadata, metadataOptions.maximumSize);
  const client = options.client ?? findApiClient();
  if (client === undefined) {
    const run = open(options, metadataOptions, { id, clock, target: memoryTarget(document), document });
    run.opened.scope.warn(
      "NO_ENDPOINT",
      "No API is configured (TRIGGER_API_URL and TRIGGER_SECRET_KEY, or configure()): this run's metadata stays in memory",
    );
    return run;
  }
  return beginRegistered(options, metadataOptions, { id, clock, client, mode, document });
}

/** A document that is no run's has a limit of its own, and no place in the spool folder of runs. */
function fitTarget(
  options: ResolvedMetadataOptions,
  { limitBytes, spools = true }: Target,
  asked: number | undefined,
): ResolvedMetadataOptions {
  if (limitBytes === undefined && spools) return options;
  return {
    ...options,
    maximumSize: limitBytes === undefined ? options.maximumSize : Math.min(asked ?? limitBytes, limitBytes),
    spoolDirectory: spools ? options.spoolDirectory : undefined,
  };
}

/** The target knows what is stored; what the caller gives is written only where that is nothing. */
async function openAtTarget(
  options: RunOptions,
  metadataOptions: ResolvedMetadataOptions,
  run: { id: string; clock: Clock; target: Target; document: JsonObject },
): Promise<BegunRun> {
  const stored = await readStored(run.target);
  const given = Object.keys(run.document).length > 0;
  if (stored === undefined && given && run.target.mode === "operations") {
    const target = createSeededTarget(run.target, run.document, (message) =>
      begun.opened.scope.warn("REFUSED", `The metadata that the run was given was refused: ${message}`),
    );
    const begun: BegunRun = open(options, metadataOptions, { ...run, target });
    return { ...begun, complete: () => seedAtEnd(target, begun.opened) };
  }
  const begun = open(options, metadataOptions, { ...run, document: stored ?? {} });
  if (given && Object.keys(stored ?? {}).length === 0) begun.opened.scope.store.replace(run.document);
  return begun;
}

/** A run that wrote nothing has sent no batch that would have started its document. */
async function seedAtEnd(target: SeededTarget, { scope }: OpenRun): Promise<void> {
  if (scope.flusher.pending) return;
  const options = new LazyAbort().within(START_TIMEOUT_MS);
  const problem = await runOutsideScope(() => target.seed(options));
  if (problem !== undefined)
    scope.warn("NOT_DRAINED", "The metadata that the run was given could not be stored");
}

/** undefined when the target cannot tell now: the job starts all the same. */
async function readStored(target: Target): Promise<JsonObject | undefined> {
  try {
    const options = new LazyAbort().within(START_TIMEOUT_MS);
    const read = await runOutsideScope(() => target.read(options));
    return read.kind === "document" ? read.document : undefined;
  } catch {
    return undefined;
  }
}

async function beginRegistered(
  options: RunOptions,
  metadataOptions: ResolvedMetadataOptions,
  where: {
    id: string;
    clock: Clock;
    client: ApiClient;
    mode: "operations" | "replace";
    document: JsonObject;
  },
): Promise<BegunRun> {
  const { id, clock, client, document } = where;
  const cancel = new AbortController();
  const registered = new RegisteredRun({
    ...options,
    id,
    clock,
    client,
    task: options.task ?? "run",
    attempt: options.attempt,
    metadata: document,
    onCancelled: (reason) => cancel.abort(new Error(reason)),
  });
  // Before the attempt: what an earlier process left of this run is older than anything this one writes.
  const spool = await replayAtStart(id, metadataOptions.spoolDirectory, client, clock);
  const started = await registered.start();
  const target = createRegisteredTarget(
    createRunTarget({
      runId: id,
      ...followConfiguration(client),
      clock,
      limitBytes: metadataOptions.maximumSize,
      mode: where.mode,
    }),
    registered,
  );
  const signals = options.signal === undefined ? [cancel.signal] : [cancel.signal, options.signal];
  const run = open(options, metadataOptions, {
    id,
    clock,
    target,
    document: started?.metadata ?? document,
    started,
    signal: AbortSignal.any(signals),
    attachments: new Map<symbol, unknown>([[apiClientKey, client]]),
  });
  if (spool.problem !== undefined) run.opened.scope.warn("SPOOL", spool.problem);
  return {
    opened: run.opened,
    async complete(outcome, endedAt) {
      const { drainTimeoutMs } = metadataOptions;
      const timeout = new AbortController();
      const deadline = clock.setTimer(() => timeout.abort(), drainTimeoutMs, { keepAlive: true });
      const report = outcome.ok ? { ok: true as const, output: outcome.value } : outcome;
      const reported = registered
        .complete(report, timeout.signal)
        .catch((error: unknown) => {
          run.opened.scope.warn("NOT_REPORTED", `The end of the run could not be reported: ${String(error)}`);
        })
        .finally(() => deadline.cancel());
      const remainingMs = Math.max(0, endedAt + drainTimeoutMs - clock.now());
      await new Promise<void>((resolve) => {
        const wait = clock.setTimer(resolve, remainingMs, { keepAlive: true });
        void reported.then(() => {
          wait.cancel();
          resolve();
        });
      });
    },
  };
}

function open(
  options: RunOptions,
  metadataOptions: ResolvedMetadataOptions,
  run: {
    id: string;
    clock: Clock;
    target: Target;
    document: JsonObject;
    started?: StartedAttempt | undefined;
    signal?: AbortSignal;
    attachments?: Map<symbol, unknown>;
  },
): BegunRun {
  const opened = openRun({
    id: run.id,
    task: options.task,
    attempt: run.started?.attempt ?? options.attempt,
    parentId: run.started?.parentId ?? options.parentId,
    rootId: run.started?.rootId ?? options.rootId,
    tags: options.tags,
    metadata: run.document,
    target: run.target,
    options: metadataOptions,
    clock: run.clock,
    signal: run.signal ?? options.signal,
    attachments: run.attachments,
    onWrite: options.onWrite,
  });
  return { opened, complete: () => Promise.resolve() };
}

/** Before anything is announced to a server: what is wrong here is the caller's to know. */
function checkOptions({ key, attempt, mode }: RunOptions): void {
  if (key === "") throw new ConfigError("key must not be empty: it names the work, for example a job's id");
  if (attempt !== undefined && !(Number.isInteger(attempt) && attempt >= 1)) {
    throw new ConfigError(`attempt must be a whole number of at least 1, got ${String(attempt)}`);
  }
  if (mode !== undefined && mode !== "operations" && mode !== "replace") {
    throw new ConfigError(`mode must be "operations" or "replace", got ${JSON.stringify(mode)}`);
  }
}

function checkId(id: string | undefined): void {
  if (id !== undefined && !isRunId(id)) {
    throw new ConfigError(
      `A run id is "run_" and 1 to 64 of [A-Za-z0-9_-], got ${JSON.stringify(id)}. Use "key" for names of your own.`,
    );
  }
}

function checkDocument(document: object | undefined, limitBytes: number): JsonObject {
  if (document === undefined) return {};
  const copy = copyJson(document, undefined, limitBytes);
  if (typeof copy !== "object" || copy === null || Array.isArray(copy)) {
    throw new MetadataValueError("$", "the metadata of a run must be an object");
  }
  return copy;
}
