import type { ApiClient } from "../client/api-client.ts";
import { apiClientKey, findApiClient } from "../client/configure.ts";
import { type Clock, systemClock } from "../clock.ts";
import { runOutsideScope } from "../context/context-storage.ts";
import { ConfigError, MetadataValueError } from "../errors.ts";
import { LazyAbort } from "../lazy-abort.ts";
import { type ResolvedMetadataOptions, resolveMetadataOptions } from "../options.ts";
import { copyJson } from "../protocol/copy-json.ts";
import type { JsonObject } from "../protocol/json.ts";
import { isRunId } from "../protocol/run-id.ts";
import { memoryTarget } from "../target/memory-target.ts";
import { createRunTarget } from "../target/run-target.ts";
import type { ReadResult, Target } from "../target/target.ts";
import { followConfiguration } from "./follow-configuration.ts";
import { type OpenRun, openRun } from "./open-run.ts";
import { RegisteredRun, type StartedAttempt } from "./registered-run.ts";
import { createRegisteredTarget } from "./registered-target.ts";
import { replayAtStart } from "./replay-at-start.ts";
import { newRunId, runIdOfKey } from "./run-id.ts";
import type { RunOptions } from "./run-options.ts";
import { createSeededTarget, type SeededTarget } from "./seeded-target.ts";
import { StartDeadline } from "./start-deadline.ts";
import { currentConfig } from "./use-config.ts";

/** For the one request that a run makes of a target by itself: the read before its body, or what it was given at its end. */
const TARGET_TIMEOUT_MS = 2_000;

/** How a run's body ended. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** A run whose body can be called. */
export interface BegunRun {
  readonly opened: OpenRun;
  /**
   * Reports the end, where somebody is to know it; waits for that until `drainTimeoutMs` after `endedAt`, the last flush
   * included (I10).
   */
  readonly complete?: (outcome: Outcome<unknown>, endedAt: number) => Promise<void>;
}

/**
 * Opens a run at its target, or at the configured API, or in memory; at once, where nothing has to be asked.
 * @throws ConfigError and MetadataValueError for options; ApiError when the server says that this attempt must not run
 */
export function beginRun(options: RunOptions, start?: StartDeadline): BegunRun | Promise<BegunRun> {
  const metadataOptions = resolveMetadataOptions(currentConfig()?.metadata, options.flush, {
    maximumSize: options.maximumSize,
    onDrop: options.onDrop,
    onWarning: options.onWarning,
  });
  checkOptions(options);
  checkId(options.id);
  const { id, key } = options;
  return id !== undefined || key === undefined
    ? beginAs(id, options, metadataOptions, start)
    : runIdOfKey(key).then((known) => beginAs(known, options, metadataOptions, start));
}

function beginAs(
  id: string | undefined,
  options: RunOptions,
  metadataOptions: ResolvedMetadataOptions,
  start: StartDeadline | undefined,
): BegunRun | Promise<BegunRun> {
  const clock = options.clock ?? systemClock;
  const mode = options.mode ?? "operations";
  if (typeof options.target === "function") {
    const runId = id ?? newRunId();
    const target = options.target({ runId, clock, limitBytes: metadataOptions.maximumSize, mode });
    return openAtTarget(options, metadataOptions, { id: runId, clock, target });
  }
  if (options.target !== undefined)
    return openAtTarget(options, metadataOptions, { id, clock, target: options.target });
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
  return beginRegistered(options, metadataOptions, {
    id: id ?? newRunId(),
    clock,
    client,
    mode,
    document,
    start: start ?? new StartDeadline(clock),
  });
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
function openAtTarget(
  options: RunOptions,
  metadataOptions: ResolvedMetadataOptions,
  at: Omit<TargetedRun, "document">,
): BegunRun | Promise<BegunRun> {
  const targetOptions = fitTarget(metadataOptions, at.target, options.maximumSize);
  const run = { ...at, document: checkDocument(options.metadata, targetOptions.maximumSize) };
  const stored = readStored(at.target);
  return stored instanceof Promise
    ? stored.then((document) => openStored(options, targetOptions, run, document))
    : openStored(options, targetOptions, run, stored);
}

function openStored(
  options: RunOptions,
  metadataOptions: ResolvedMetadataOptions,
  run: TargetedRun,
  stored: JsonObject | undefined,
): BegunRun {
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
  const options = new LazyAbort().within(TARGET_TIMEOUT_MS);
  const problem = await runOutsideScope(() => target.seed(options));
  if (problem !== undefined)
    scope.warn("NOT_DRAINED", "The metadata that the run was given could not be stored");
}

/** undefined when the target cannot tell now: the job starts all the same. */
function readStored(target: Target): JsonObject | undefined | Promise<JsonObject | undefined> {
  try {
    const options = new LazyAbort().within(TARGET_TIMEOUT_MS);
    const read = runOutsideScope(() => target.read(options));
    return "kind" in read ? documentOf(read) : read.then(documentOf, () => undefined);
  } catch {
    return undefined;
  }
}

function documentOf(read: ReadResult): JsonObject | undefined {
  return read.kind === "document" ? read.document : undefined;
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
    start: StartDeadline;
  },
): Promise<BegunRun> {
  const { id, clock, client, document, start } = where;
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
  const { spoolDirectory } = metadataOptions;
  // Before the attempt: what an earlier process left of this run is older than anything this one writes.
  const spool = await replayAtStart(id, spoolDirectory, client, clock, start.remainingMs / 2);
  const started = await registered.start(start.signal).finally(() => start.end());
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

interface TargetedRun {
  readonly id: string | undefined;
  readonly clock: Clock;
  readonly target: Target;
  readonly document: JsonObject;
}

function open(
  options: RunOptions,
  metadataOptions: ResolvedMetadataOptions,
  run: TargetedRun & {
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
  return { opened };
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
