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

const open = new Set<TrackedRun>();
/** Closed, with writes that are still being delivered; oldest first. */
const late = new Set<TrackedRun>();
let listening = false;
/** Nothing was delivered by the last attempt at the end of the process; do not keep it alive for another one. */
let gaveUp = false;

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
      stopListeningIfIdle();
    });
    makeRoom();
  }
  stopListeningIfIdle();
}

/**
 * Sends what is unsent in this process, of open and of closed runs; each run takes at most its `drainTimeoutMs`.
 * Never rejects.
 */
export async function drainAll(): Promise<void> {
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
  if (listening || typeof globalThis.process?.on !== "function") return;
  listening = true;
  process.on("beforeExit", beforeExit);
  process.on("exit", atExit);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function stopListeningIfIdle(): void {
  if (!listening || open.size > 0 || late.size > 0) return;
  listening = false;
  process.off("beforeExit", beforeExit);
  process.off("exit", atExit);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** The event loop is empty: one more attempt keeps it busy until everything is sent or its time is over. */
function beforeExit(): void {
  const before = pendingCalls();
  if (before === 0 || gaveUp) return;
  void drainAll().then(() => {
    gaveUp = pendingCalls() >= before;
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
    for (const run of [...open, ...late]) if (!hasPending(run)) unspool(run);
    // Somebody else listens too: whether and how the process ends is theirs to say.
    if (process.listenerCount(signal) > (listening ? 1 : 0)) return;
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
    writeSpoolFile(directory, run.scope.id, run.scope.flusher.batches());
    return true;
  } catch (error) {
    run.scope.warn("SPOOL", `Unsent metadata could not be written to ${directory}: ${String(error)}`);
    return false;
  }
}

function unspool(run: TrackedRun): void {
  if (run.options.spoolDirectory !== undefined) removeSpoolFile(run.options.spoolDirectory, run.scope.id);
}
