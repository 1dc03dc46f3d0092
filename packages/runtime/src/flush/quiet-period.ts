import type { Clock, Debounced } from "../clock.ts";

/** Who waits for a quiet period. */
export interface QuietListener {
  /** The piece of code that the period began in has given way. */
  burstOver(): void;
  /** The period is over. */
  quietPeriodOver(): void;
}

/** The last period of each clock: the one that others may still join. */
const latest = new WeakMap<Clock, QuietPeriod>();

/** Those that joined a period in the piece of code that is running now. */
let joinedNow: QuietListener[] = [];

function burstsOver(): void {
  const listeners = joinedNow;
  joinedNow = [];
  for (const listener of listeners) listener.burstOver();
}

/**
 * A pause of `waitMs`, shared by all runs that begin one in the same millisecond: thousands of runs write for the first
 * time at once, and a timer for each would cost more than their writes. The timer is p-debounce's, belongs to no run, and
 * is there only while somebody waits.
 */
export class QuietPeriod {
  readonly #beganAt: number;
  readonly #waitMs: number;
  readonly #listeners = new Set<QuietListener>();
  readonly #timer: Debounced;
  #over = false;

  private constructor(clock: Clock, beganAt: number, waitMs: number) {
    this.#beganAt = beganAt;
    this.#waitMs = waitMs;
    this.#timer = clock.debounce(() => this.#end(), waitMs);
    this.#timer();
  }

  /** Begins to wait. Call it outside of any run's context, where timers belong. */
  static join(listener: QuietListener, clock: Clock, waitMs: number): QuietPeriod {
    const now = Math.floor(clock.now());
    let period = latest.get(clock);
    if (period === undefined || !period.#takes(now, waitMs)) {
      period = new QuietPeriod(clock, now, waitMs);
      latest.set(clock, period);
    }
    period.#listeners.add(listener);
    if (joinedNow.push(listener) === 1) queueMicrotask(burstsOver);
    return period;
  }

  /** Stops waiting; the timer goes with the last one. */
  leave(listener: QuietListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0 || this.#over) return;
    this.#over = true;
    this.#timer.cancel();
  }

  #takes(now: number, waitMs: number): boolean {
    return !this.#over && now === this.#beganAt && waitMs === this.#waitMs;
  }

  #end(): void {
    this.#over = true;
    for (const listener of this.#listeners) {
      try {
        listener.quietPeriodOver();
      } catch {
        // A target that cannot even write down its batch breaks its contract. The others have nothing to do with it.
      }
    }
  }
}
