import type { Clock } from "../clock.ts";
import { MaxDurationError, RunCancelledError } from "../errors.ts";

/** Why an attempt was told to stop. */
export type AbortKind = "cancelled" | "interrupted" | "timed-out";

export interface AttemptAbortOptions {
  readonly runId: string;
  readonly clock: Clock;
  /** Cancels the run when it is aborted. */
  readonly signal: AbortSignal | undefined;
  /** Interrupts the attempt when it is aborted; the run goes on elsewhere. */
  readonly interrupt: AbortSignal | undefined;
  /** Seconds from now. */
  readonly maxDuration: number | undefined;
}

/** The one signal of an attempt, aborted when the run is cancelled or when its time is up, whichever comes first. */
export class AttemptAbort {
  readonly signal: AbortSignal;
  /** Resolves when the attempt is told to stop; stays open otherwise. */
  readonly happened: Promise<AbortKind>;
  #kind: AbortKind | undefined;
  readonly #dispose: () => void;

  constructor({ runId, clock, signal, interrupt, maxDuration }: AttemptAbortOptions) {
    const controller = new AbortController();
    this.signal = controller.signal;
    let resolve: (kind: AbortKind) => void = () => {};
    this.happened = new Promise((resolveHappened) => {
      resolve = resolveHappened;
    });
    const abort = (kind: AbortKind, reason: Error) => {
      if (this.#kind !== undefined) return;
      this.#kind = kind;
      resolve(kind);
      controller.abort(reason);
    };
    const cancelled = () => abort("cancelled", new RunCancelledError(runId, { cause: signal?.reason }));
    const timer =
      maxDuration === undefined
        ? undefined
        : clock.setTimer(() => abort("timed-out", new MaxDurationError(maxDuration)), maxDuration * 1_000, {
            keepAlive: true,
            deadline: true,
          });
    const interrupted = () =>
      abort("interrupted", new RunCancelledError(runId, { cause: interrupt?.reason }));
    if (signal?.aborted) cancelled();
    else signal?.addEventListener("abort", cancelled, { once: true });
    if (interrupt?.aborted) interrupted();
    else interrupt?.addEventListener("abort", interrupted, { once: true });
    this.#dispose = () => {
      timer?.cancel();
      signal?.removeEventListener("abort", cancelled);
      interrupt?.removeEventListener("abort", interrupted);
    };
  }

  /** Why, once it has happened. */
  get kind(): AbortKind | undefined {
    return this.#kind;
  }

  /** Nothing aborts the signal from here on. */
  dispose(): void {
    this.#dispose();
  }
}
