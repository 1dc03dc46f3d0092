import { currentScope, runInScope } from "../context/context-storage.ts";
import type { RunScope } from "../context/run-scope.ts";
import { type Metadata, metadata } from "../metadata.ts";
import type { FlushStats } from "../store/ledger.ts";

/** The run that the calling code belongs to. */
export interface CurrentRun {
  readonly id: string;
  /** The task's id; undefined for a run that `withRun` opened without one. */
  readonly task: string | undefined;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when the run is cancelled or exceeds its `maxDuration`. */
  readonly signal: AbortSignal;
  /** The same object everywhere: it works on the run of the code that calls it. */
  readonly metadata: Metadata;
  /** What became of this run's metadata writes. */
  stats(): FlushStats;
  /**
   * Ties a function to this run, wherever it is called from: an event emitter, a pool's callback, another run.
   * `AsyncLocalStorage` follows promises and timers, but a listener runs in the context of whoever emits.
   */
  bind<A extends unknown[], R>(body: (...args: A) => R): (...args: A) => R;
}

/** The current run; undefined outside one. */
export function currentRun(): CurrentRun | undefined {
  const scope = currentScope();
  return scope === undefined ? undefined : handleOf(scope);
}

/** A run as user code sees it. */
export function handleOf(scope: RunScope): CurrentRun {
  return new RunHandle(scope);
}

/** A class: an object of accessors and closures costs more to make than the rest of opening a run. */
class RunHandle implements CurrentRun {
  readonly metadata = metadata;
  readonly #scope: RunScope;

  constructor(scope: RunScope) {
    this.#scope = scope;
  }

  get id(): string {
    return this.#scope.id;
  }

  get task(): string | undefined {
    return this.#scope.task;
  }

  get attempt(): number {
    return this.#scope.attempt;
  }

  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  // Accessors, since these two are taken off the run: `const { bind } = run`.

  get stats(): CurrentRun["stats"] {
    return () => this.#scope.flusher.stats();
  }

  get bind(): CurrentRun["bind"] {
    return (body) =>
      (...args) =>
        runInScope(this.#scope, () => body(...args));
  }
}
