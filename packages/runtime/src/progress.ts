import type { RunScope } from "./context/run-scope.ts";
import { MetadataValueError } from "./errors.ts";
import { describeValue } from "./protocol/describe-value.ts";
import { pathOfKey } from "./protocol/shown-path.ts";

/** Options of `metadata.progress`. */
export interface ProgressOptions {
  /** Where it is kept. @default "progress" */
  readonly key?: string | undefined;
}

/** What is kept under the key. */
export type ProgressValue = {
  done: number;
  total: number;
  /** 0 to 100; never goes down within an attempt. */
  percent: number;
  /** Over the last ten seconds or so; 0 until it can be told. */
  ratePerSecond: number;
  /** Milliseconds to go at that rate; null until it can be told. */
  etaMs: number | null;
};

/** Progress of a known amount of work. Belongs to the run it was made in, wherever it is advanced. */
export interface Progress {
  /** @param by finite; default 1 */
  advance(by?: number): void;
  /** Everything is done, whatever was counted. */
  done(): void;
}

/** The rate forgets half of what it knew in this time. */
const RATE_HALF_LIFE_MS = 5_000;
/** The rate is not looked at more often: short spans say more about timers than about the work. */
const RATE_SPAN_MS = 200;

/**
 * @throws MetadataValueError when `total` is negative or not finite
 */
export function createProgress(
  scope: RunScope | undefined,
  total: number,
  options: ProgressOptions = {},
): Progress {
  if (scope === undefined) return { advance() {}, done() {} };
  const key = options.key ?? "progress";
  if (typeof total !== "number" || !Number.isFinite(total) || total < 0) {
    throw new MetadataValueError(
      pathOfKey(key),
      `the total of a progress must be a number of 0 or more, got ${describeValue(total)}`,
    );
  }
  const { store, clock } = scope;
  let done = 0;
  let percent = percentOf(0, total);
  let rate = 0;
  let spanStart = clock.now();
  let doneAtSpanStart = 0;

  function write(): void {
    percent = Math.max(percent, percentOf(done, total));
    const left = Math.max(0, total - done);
    const etaMs = left === 0 ? 0 : rate > 0 ? Math.round((left / rate) * 1_000) : null;
    const value: ProgressValue = { done, total, percent, ratePerSecond: Math.round(rate * 100) / 100, etaMs };
    store.set(key, value);
  }

  function measure(): void {
    const spanMs = clock.now() - spanStart;
    if (spanMs < RATE_SPAN_MS) return;
    const measured = ((done - doneAtSpanStart) / spanMs) * 1_000;
    const kept = rate === 0 ? 0 : 0.5 ** (spanMs / RATE_HALF_LIFE_MS);
    rate = Math.max(0, rate * kept + measured * (1 - kept));
    spanStart += spanMs;
    doneAtSpanStart = done;
  }

  write();
  return {
    advance(by = 1) {
      if (typeof by !== "number" || !Number.isFinite(by)) {
        throw new MetadataValueError(
          pathOfKey(key),
          `progress can only advance by a finite number, got ${describeValue(by)}`,
        );
      }
      done += by;
      measure();
      write();
    },
    done() {
      done = total;
      measure();
      percent = 100;
      write();
    },
  };
}

function percentOf(done: number, total: number): number {
  if (total === 0) return 100;
  return Math.min(100, Math.max(0, Math.round((done / total) * 10_000) / 100));
}
