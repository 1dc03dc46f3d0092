import type { RunScope } from "../context/run-scope.ts";
import type { ResolvedMetadataOptions } from "../options.ts";
import { removeSpoolFile, writeSpoolFile } from "./spool.ts";

/** What the process knows of a run while something of it may be unsent. */
export interface TrackedRun {
  readonly scope: RunScope;
  readonly options: ResolvedMetadataOptions;
}

/** Bytes that closed runs may keep waiting in this process. Beyond it the oldest run's writes are dropped by name. */
const LATE_BYTES = 8 * 1024 * 1024;
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

interface ProcessRuns {
  readonly open: Set<TrackedRun>;
  /** Closed, with writes that are still being delivered; oldest first. */
  readonly late: Set<TrackedRun>;
  /** Where a run's unsent writes are on disk. */
  readonly spooled: WeakMap<TrackedRun, string>;
  /** Takes the process's handlers off again; undefined while there are none. */
  stopListening: (() => void) | undefined;
  /** Nothing was delivered by the last attempt at the end of the process; do not keep it alive for another one. */
  gaveUp: boolean;
}

const slot = Symbol.for("runmeta.process-runs.v1");
const shared = globalThis as { [slot]?: ProcessRuns };

// One for all copies of the package: with two, each would take the other's signal handler for the user's.
const runs: ProcessRuns = (shared[slot] ??= {
  open: new Set(),
  late: new Set(),
  spooled: new WeakMap(),
  stopListening: undefined,
  gaveUp: false,
});
const { open, late } = runs;

/** Handlers exist only while something may be unsent: a process without runs keeps its own signal behaviour. */
export function runOpened(run: TrackedRun): void {
  open.add(run);
  listen();
}

/** The run is over; what it could not send goes on being sent while the process lives. */
export function runClosed(run: TrackedRun): void {
  open.delete(run);
  if (run.scope.flusher.pending) {
    late.add(run);
    run.scope.flusher.whenSettled(() => {
      late.delete(run);
      unspool(run);
      stopListeningIfIdle();
    });
    makeRoom();
  } else {
    // Left by a signal that this process survived: a replay would find keys that the endpoint has forgotten by then.
    unspool(run);
  }
  stopListeningIfIdle();
}

/**
 * Sends what is unsent in this process, of open and of closed runs; each run takes at most its `drainTimeoutMs`.
 * Never rejects.
 */
async function drainAll(): Promise<void> {
  const runs = [...open, ...late].filter(hasPending);
  await Promise.all(runs.map((run) => run.scope.flusher.drain(run.options.drainTimeoutMs)));
}

function hasPending(run: TrackedRun): boolean {
  return run.scope.flusher.pending;
}

function makeRoom(): void {
  let bytes = 0;
  for (const run of late) bytes += run.scope.flusher.stats().pendingBytes;
  for (const run of late) {
    if (bytes <= LATE_BYTES) return;
    bytes -= run.scope.flusher.stats().pendingBytes;
    late.delete(run);
    run.scope.flusher.abandon("overflow");
  }
}

function listen(): void {
  if (runs.stopListening !== undefined || typeof globalThis.process?.on !== "function") return;
  runs.stopListening = () => {
    process.off("beforeExit", beforeExit);
    process.off("exit", atExit);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  process.on("beforeExit", beforeExit);
  process.on("exit", atExit);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function stopListeningIfIdle(): void {
  if (open.size > 0 || late.size > 0) return;
  runs.stopListening?.();
  runs.stopListening = undefined;
}

/** The event loop is empty: one more attempt keeps it busy until everything is sent or its time is over. */
function beforeExit(): void {
  const before = pendingCalls();
  if (before === 0 || runs.gaveUp) return;
  void drainAll().then(() => {
    runs.gaveUp = pendingCalls() >= before;
  });
}

function pendingCalls(): number {
  let calls = 0;
  for (const run of [...open, ...late]) calls += run.scope.flusher.stats().pending;
  return calls;
}

function onSignal(signal: NodeJS.Signals): void {
  // The sender may not wait for the drain: what it cuts off is on disk by then.
  for (const run of [...open, ...late].filter(hasPending)) spool(run);
  void drainAll().then(() => {
    for (const run of [...open, ...late]) {
      if (hasPending(run)) spool(run);
      else unspool(run);
    }
    // Somebody else listens too: whether and how the process ends is theirs to say.
    if (process.listenerCount(signal) > (runs.stopListening === undefined ? 0 : 1)) return;
    process.off(signal, onSignal);
    process.kill(process.pid, signal);
  });
}

/** No more time for anything asynchronous. */
function atExit(): void {
  for (const run of [...open, ...late]) {
    if (hasPending(run)) run.scope.flusher.abandon("exit", spool(run));
  }
}

function spool(run: TrackedRun): boolean {
  const directory = run.options.spoolDirectory;
  if (directory === undefined) return false;
  try {
    const { flusher, id } = run.scope;
    runs.spooled.set(run, writeSpoolFile(directory, id, flusher.batches(), runs.spooled.get(run)));
    return true;
  } catch (error) {
    run.scope.warn("SPOOL", `Unsent metadata could not be written to ${directory}: ${String(error)}`);
    return false;
  }
}

function unspool(run: TrackedRun): void {
  const path = runs.spooled.get(run);
  if (path === undefined) return;
  runs.spooled.delete(run);
  removeSpoolFile(path);
}
