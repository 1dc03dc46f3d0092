import type { Clock } from "../clock.ts";
import { systemClock } from "../clock.ts";
import { runInScope, runOutsideScope } from "../context/context-storage.ts";
import type { RunScope } from "../context/run-scope.ts";
import { Flusher } from "../flush/flusher.ts";
import type { Drop, ResolvedMetadataOptions } from "../options.ts";
import type { JsonObject } from "../protocol/json.ts";
import { type FlushStats, Ledger } from "../store/ledger.ts";
import { MetadataStore } from "../store/metadata-store.ts";
import { Outbox } from "../store/outbox.ts";
import { RemoteDocument } from "../store/remote-document.ts";
import type { Target } from "../target/target.ts";
import { observeWrites, type WriteListener } from "./observe-writes.ts";
import { runClosed, runOpened } from "./shutdown.ts";
import { Warnings } from "./warnings.ts";

export interface OpenRunOptions {
  readonly id: string;
  readonly task?: string | undefined;
  /** From 1. @default 1 */
  readonly attempt?: number | undefined;
  readonly parentId?: string | undefined;
  readonly rootId?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** What the target stores already. @default {} */
  readonly metadata?: JsonObject | undefined;
  readonly target: Target;
  readonly options: ResolvedMetadataOptions;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly attachments?: Map<symbol, unknown> | undefined;
  /** 0 to 1, for the spread of waits between requests. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Told of each accepted write; without one, writing costs nothing more. */
  readonly onWrite?: WriteListener | undefined;
}

/** How the last flush of a run ended. */
export interface CloseResult {
  /** Everything accepted is stored, or was dropped by name. */
  readonly flushed: boolean;
  /** Calls that are not stored yet; this process keeps trying while it lives. */
  readonly pending: number;
  readonly stats: FlushStats;
}

/** A run whose metadata is being collected. */
export interface OpenRun {
  readonly scope: RunScope;
  /** Calls `body` inside the run's context. */
  run<T>(body: () => T): T;
  /** Ends the run: later writes are lost by name, and the last flush takes at most `drainTimeoutMs`. Never rejects. */
  close(): Promise<CloseResult>;
}

/** A single value for a parent or root may be this large; the document's own limit is known at the endpoint only. */
const REMOTE_VALUE_BYTES = 262_144;

/** Opens a run's context, store and flusher. Everything above (tasks, `withRun`, tests) opens runs through this. */
export function openRun(options: OpenRunOptions): OpenRun {
  const warnings = new Warnings(options.id, options.options);
  // Listeners run outside: one that writes metadata about a loss must not cause the next one.
  const warn: RunScope["warn"] = (code, message) => runOutsideScope(() => warnings.warn(code, message));
  const dropped = (drop: Drop): void => {
    warnings.dropped(drop);
    try {
      options.options.onDrop?.(drop);
    } catch (error) {
      warnings.warn("DROPPED", `onDrop threw: ${String(error)}`);
    }
  };
  const ledger = new Ledger(options.id, (drop) => runOutsideScope(() => dropped(drop)));
  const outbox = new Outbox({
    ledger,
    maxPendingBytes: options.options.maxPendingBytes,
    replaceOnly: options.target.mode === "replace",
  });
  const store = new MetadataStore(options.metadata ?? {}, options.options.maximumSize, outbox);
  const clock = options.clock ?? systemClock;
  const flusher = new Flusher({
    store,
    target: options.target,
    clock,
    options: options.options,
    publisher: crypto.randomUUID().replaceAll("-", ""),
    warn,
    outside: runOutsideScope,
    ...(options.random === undefined ? {} : { random: options.random }),
  });
  const { parentId, rootId } = options;
  // A run that has no parent or root is its own, and reads what it writes there at once.
  const parent = parentId === undefined ? store : new RemoteDocument("parent", outbox, REMOTE_VALUE_BYTES);
  const scope: RunScope = {
    id: options.id,
    task: options.task,
    attempt: options.attempt ?? 1,
    parentId,
    rootId,
    tags: options.tags ?? [],
    signal: sharedSignal(options.signal ?? new AbortController().signal),
    clock,
    openedAt: clock.now(),
    store,
    flusher,
    parent,
    root: rootDocument(),
    warn,
    attachments: options.attachments ?? new Map(),
  };
  function rootDocument(): RunScope["root"] {
    // Two ways to one document share a queue, or the order of writes would be lost between two.
    if (rootId === parentId) return parent;
    if (rootId === options.id) return store;
    // Also where only the endpoint knows who the root is: whoever has a parent is not it.
    return new RemoteDocument("root", outbox, REMOTE_VALUE_BYTES);
  }
  if (options.onWrite !== undefined) observeWrites(scope, options.onWrite);
  const open = { scope, options: options.options };
  runOpened(open);
  let closing: Promise<CloseResult> | undefined;
  const close = async (): Promise<CloseResult> => {
    outbox.close();
    const drained = await flusher.drain(options.options.drainTimeoutMs);
    if (!drained.flushed) {
      warn(
        "NOT_DRAINED",
        `${drained.pending} metadata writes were not stored within ${options.options.drainTimeoutMs} ms; delivery goes on while this process lives`,
      );
    }
    runClosed(open);
    return { ...drained, stats: flusher.stats() };
  };
  return {
    scope,
    run: (body) => runInScope(scope, body),
    close: () => (closing ??= close()),
  };
}

/** Everything in a run may wait on its signal at once, so many listeners are no leak: Node would warn at the eleventh. */
function sharedSignal(signal: AbortSignal): AbortSignal {
  globalThis.process?.getBuiltinModule?.("node:events")?.setMaxListeners(0, signal);
  return signal;
}
