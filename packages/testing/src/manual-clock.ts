import type { Clock, Debounced, Timer } from "@runmeta/runtime";
import { untilAnswered } from "./in-flight.ts";
import { packetsReady } from "./packets-ready.ts";
import { realSetImmediate } from "./real-timers.ts";

/** Options of {@link manualClock}. */
export interface ManualClockOptions {
  /** First value of `now()`, in milliseconds. @default 0 */
  readonly start?: number | undefined;
  /** First value of `wallTime()`, in milliseconds since 1970. @default 2026-01-01T00:00:00Z */
  readonly wallTime?: number | undefined;
}

/** A timer that waits on a {@link ManualClock}. */
export interface PendingTimer {
  /** When it is due, on the scale of `now()`. */
  readonly at: number;
  /** What it was asked to wait, in milliseconds. */
  readonly delayMs: number;
  /**
   * `wait`: somebody awaits it (a retry, `wait.for`, `flush()`). `deadline`: it cuts off code that takes too long.
   * `background`: nobody awaits it (the pause before a batch is sent, the deadline of a request).
   */
  readonly kind: "wait" | "deadline" | "background";
}

/**
 * A clock that stands still until a test moves it. Nothing global is patched: only code that was given this clock
 * sees it, so concurrent tests each have their own.
 */
export interface ManualClock extends Clock {
  /** Timers that wait, in the order in which they are due. Empty at the end of a test: nothing leaks. */
  readonly pendingTimers: readonly PendingTimer[];
  /**
   * Moves time forward by `ms` (0 or more). Timers that are due by then fire in order of due time, each at its own
   * time, also those that are armed on the way; between two of them, and at the end, the code under test gets turns to
   * go on (see {@link ManualClock.settle}). At 0 it only fires what is due.
   *
   * @throws RangeError for a negative or non-finite duration; Error while another move of the same clock is under way
   */
  advance(ms: number): Promise<void>;
  /** As {@link ManualClock.advance}, to a value of `now()`. */
  advanceTo(time: number): Promise<void>;
  /** Moves to the next due time and fires that one timer. Gives false, and moves nothing, when none waits. */
  runNext(): Promise<boolean>;
  /** Lets pending promises go on without moving time: in-process requests and body reads are over afterwards. */
  settle(): Promise<void>;
  /** Sets the wall clock back (negative) or ahead, as an administrator or NTP would; `now()` and timers do not notice. */
  jumpWallTime(ms: number): void;
}

interface Waiting extends PendingTimer {
  readonly order: number;
  readonly callback: () => void;
}

/** A request in this process needs two turns of the event loop; the rest is for code that stacks a few of them. */
const SETTLE_TURNS = 5;

const JANUARY_2026 = Date.UTC(2026, 0, 1);

/**
 * Lets everything go on that does not wait for a timer, a socket or a file.
 *
 * @param enough asked after each turn of the event loop: whether what was waited for is there
 */
export async function settlePromises(enough: () => boolean = () => false): Promise<void> {
  await packetsReady;
  do {
    for (let turn = 0; turn < SETTLE_TURNS; turn += 1) {
      await new Promise<void>((resolve) => realSetImmediate(resolve));
      if (enough()) return;
    }
  } while (await untilAnswered());
}

type TimerOptions = Parameters<Clock["setTimer"]>[2];

function kindOf(options: TimerOptions): PendingTimer["kind"] {
  if (options?.deadline === true) return "deadline";
  return options?.keepAlive === true ? "wait" : "background";
}

class SteppedClock implements ManualClock {
  #now: number;
  #wallOffset: number;
  #order = 0;
  #moving = false;
  readonly #timers = new Set<Waiting>();

  constructor({ start = 0, wallTime = JANUARY_2026 }: ManualClockOptions) {
    this.#now = start;
    this.#wallOffset = wallTime - start;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now + this.#wallOffset;
  }

  get pendingTimers(): readonly PendingTimer[] {
    return this.#inOrder().map(({ at, delayMs, kind }) => ({ at, delayMs, kind }));
  }

  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): Timer {
    const waiting: Waiting = {
      at: this.#now + Math.max(0, delayMs),
      delayMs,
      kind: kindOf(options),
      order: (this.#order += 1),
      callback,
    };
    this.#timers.add(waiting);
    return { cancel: () => void this.#timers.delete(waiting) };
  }

  debounce(callback: () => void, waitMs: number): Debounced {
    let timer: Timer | undefined;
    const call = () => {
      timer?.cancel();
      timer = this.setTimer(callback, waitMs);
    };
    return Object.assign(call, { cancel: () => timer?.cancel() });
  }

  advance(ms: number): Promise<void> {
    return this.advanceTo(this.#now + ms);
  }

  async advanceTo(time: number): Promise<void> {
    if (!(Number.isFinite(time) && time >= this.#now)) {
      throw new RangeError(`a clock cannot move from ${this.#now} to ${time}`);
    }
    await this.#move(async () => {
      await settlePromises();
      for (;;) {
        const [next] = this.#inOrder();
        if (next === undefined || next.at > time) break;
        await this.#fire(next);
      }
      this.#now = time;
    });
  }

  async runNext(): Promise<boolean> {
    return this.#move(async () => {
      await settlePromises();
      const [next] = this.#inOrder();
      if (next === undefined) return false;
      await this.#fire(next);
      return true;
    });
  }

  settle(): Promise<void> {
    return settlePromises();
  }

  jumpWallTime(ms: number): void {
    this.#wallOffset += ms;
  }

  async #fire(timer: Waiting): Promise<void> {
    this.#timers.delete(timer);
    this.#now = timer.at;
    timer.callback();
    await settlePromises();
  }

  async #move<T>(body: () => Promise<T>): Promise<T> {
    if (this.#moving) {
      throw new Error(
        "this clock is being moved already; await the first move, or give each run its own clock",
      );
    }
    this.#moving = true;
    try {
      return await body();
    } finally {
      this.#moving = false;
    }
  }

  #inOrder(): Waiting[] {
    return [...this.#timers].sort((a, b) => a.at - b.at || a.order - b.order);
  }
}

/**
 * Makes a clock that only moves when a test moves it. Hand it to `withRun`, `runTask` or `scriptedEndpoint`.
 *
 * @example
 * const clock = manualClock();
 * clock.setTimer(() => console.log("a minute later"), 60_000);
 * await clock.advance(60_000); // prints at once
 */
export function manualClock(options: ManualClockOptions = {}): ManualClock {
  return new SteppedClock(options);
}
