import { findApiClient } from "../client/configure.ts";
import type { Clock } from "../clock.ts";
import { systemClock } from "../clock.ts";
import { runInScope, runOutsideScope } from "../context/context-storage.ts";
import type { RunScope } from "../context/run-scope.ts";
import { Flusher } from "../flush/flusher.ts";
import type { DrainResult, FlushedRun } from "../flush/flusher-options.ts";
import type { Drop, ResolvedMetadataOptions, WarningCode } from "../options.ts";
import type { JsonObject } from "../protocol/json.ts";
import { type DropListener, Ledger } from "../store/ledger.ts";
import { MetadataStore } from "../store/metadata-store.ts";
import { Outbox } from "../store/outbox.ts";
import { RemoteDocument } from "../store/remote-document.ts";
import { RunStreams } from "../stream/run-streams.ts";
import type { Target } from "../target/target.ts";
import { observeWrites, type WriteListener } from "./observe-writes.ts";
import { newRunId } from "./run-id.ts";
import { runClosed, runOpened, type TrackedRun } from "./shutdown.ts";
import { Warnings } from "./warnings.ts";

export interface OpenRunOptions {
  /** @default a new one, made when somebody asks for it */
  readonly id?: string | undefined;
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

/** A run whose metadata is being collected. */
export interface OpenRun {
  readonly scope: RunScope;
  /** Calls `body` inside the run's context. */
  run<T>(body: () => T): T;
  /**
   * Ends the run: later writes are lost by name, and the last flush takes at most `drainTimeoutMs`. Never rejects; has
   * ended already where there was nothing to wait for.
   */
  close(): DrainResult | Promise<DrainResult>;
}

/** A single value for a parent or root may be this large; the document's own limit is known at the endpoint only. */
const REMOTE_VALUE_BYTES = 262_144;
const NO_TAGS: readonly string[] = [];

/** Opens a run's context, store and flusher. Everything above (tasks, `withRun`, tests) opens runs through this. */
export function openRun(options: OpenRunOptions): OpenRun {
  return new OpenedRun(options);
}

/** A class, and its parts made when they are needed: ten thousand runs can be open in one process. */
class OpenedRun implements OpenRun, TrackedRun, RunScope, FlushedRun, DropListener {
  readonly task: string | undefined;
  readonly attempt: number;
  readonly parentId: string | undefined;
  readonly rootId: string | undefined;
  readonly tags: readonly string[];
  readonly target: Target;
  readonly options: ResolvedMetadataOptions;
  readonly clock: Clock;
  readonly openedAt: number;
  readonly store: MetadataStore;
  readonly flusher: Flusher;
  readonly parent: MetadataStore | RemoteDocument;
  readonly root: MetadataStore | RemoteDocument;
  readonly random: () => number;
  #id: string | undefined;
  #signal: AbortSignal | undefined;
  #attachments: Map<symbol, unknown> | undefined;
  #warnings: Warnings | undefined;
  #streams: RunStreams | undefined;
  #closing: DrainResult | Promise<DrainResult> | undefined;

  constructor(given: OpenRunOptions) {
    this.#id = given.id;
    this.task = given.task;
    this.attempt = given.attempt ?? 1;
    this.parentId = given.parentId;
    this.rootId = given.rootId;
    this.tags = given.tags ?? NO_TAGS;
    this.target = given.target;
    this.options = given.options;
    this.clock = given.clock ?? systemClock;
    this.openedAt = this.clock.now();
    this.random = given.random ?? Math.random;
    this.#signal = given.signal && sharedSignal(given.signal);
    this.#attachments = given.attachments;
    const outbox = new Outbox({
      ledger: new Ledger(this),
      maxPendingBytes: given.options.maxPendingBytes,
      replaceOnly: given.target.mode === "replace",
    });
    this.store = new MetadataStore(given.metadata ?? {}, given.options.maximumSize, outbox);
    this.flusher = new Flusher(this);
    // A run that has no parent or root is its own, and reads what it writes there at once.
    this.parent =
      given.parentId === undefined ? this.store : new RemoteDocument("parent", outbox, REMOTE_VALUE_BYTES);
    this.root = this.#rootDocument();
    if (given.onWrite !== undefined) observeWrites(this, given.onWrite);
    runOpened(this);
  }

  get scope(): RunScope {
    return this;
  }

  get id(): string {
    return (this.#id ??= newRunId());
  }

  get signal(): AbortSignal {
    return (this.#signal ??= sharedSignal(new AbortController().signal));
  }

  get attachments(): Map<symbol, unknown> {
    return (this.#attachments ??= new Map());
  }

  get streams(): RunStreams {
    if (this.#streams !== undefined) return this.#streams;
    this.#streams = new RunStreams({
      runId: this.id,
      parentId: this.parentId,
      rootId: this.rootId,
      // Called inside the run, whose own client it finds.
      endpoint: findApiClient,
      clock: this.clock,
      requestTimeoutMs: this.options.requestTimeoutMs,
      random: this.random,
      warn: (code, message) => this.warn(code, message),
      outside: runOutsideScope,
    });
    // Asked for the first time by code that outlived its run.
    if (this.#closing !== undefined) void this.#streams.close(0);
    return this.#streams;
  }

  /** Listeners run outside: one that writes metadata about a loss must not cause the next one. */
  warn(code: WarningCode, message: string): void {
    runOutsideScope(() => this.#said.warn(code, message));
  }

  run<T>(body: () => T): T {
    return runInScope(this, body);
  }

  outside<T>(body: () => T): T {
    return runOutsideScope(body);
  }

  close(): DrainResult | Promise<DrainResult> {
    return (this.#closing ??= this.#close());
  }

  #close(): DrainResult | Promise<DrainResult> {
    const { drainTimeoutMs } = this.options;
    this.store.outbox.close();
    const drained = this.flusher.drain(drainTimeoutMs);
    const streamed = this.#streams?.close(drainTimeoutMs);
    if (streamed === undefined && !(drained instanceof Promise)) return this.#closed(drained);
    return Promise.all([drained, streamed]).then(([result]) => this.#closed(result));
  }

  #closed(drained: DrainResult): DrainResult {
    if (!drained.flushed) {
      this.warn(
        "NOT_DRAINED",
        `${drained.pending} metadata writes were not stored within ${this.options.drainTimeoutMs} ms; delivery goes on while this process lives`,
      );
    }
    runClosed(this);
    return drained;
  }

  /** Listeners run outside, as in {@link warn}. */
  dropped(drop: Drop): void {
    runOutsideScope(() => {
      this.#said.dropped(drop);
      try {
        this.options.onDrop?.(drop);
      } catch (error) {
        this.#said.warn("DROPPED", `onDrop threw: ${String(error)}`);
      }
    });
  }

  get #said(): Warnings {
    return (this.#warnings ??= new Warnings(this.id, this.options));
  }

  #rootDocument(): MetadataStore | RemoteDocument {
    // Two ways to one document share a queue, or the order of writes would be lost between two.
    if (this.rootId === this.parentId) return this.parent;
    if (this.rootId !== undefined && this.rootId === this.id) return this.store;
    // Also where only the endpoint knows who the root is: whoever has a parent is not it.
    return new RemoteDocument("root", this.store.outbox, REMOTE_VALUE_BYTES);
  }
}

/** Everything in a run may wait on its signal at once, so many listeners are no leak: Node would warn at the eleventh. */
function sharedSignal(signal: AbortSignal): AbortSignal {
  globalThis.process?.getBuiltinModule?.("node:events")?.setMaxListeners(0, signal);
  return signal;
}
