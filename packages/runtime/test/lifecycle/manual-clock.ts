import type { Clock } from "../../src/clock.ts";

interface Waiting {
  readonly at: number;
  readonly delayMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that only moves when a test moves it. */
export class ManualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #start = Date.UTC(2026, 10, 21);
  readonly #timers = new Set<Waiting>();
  readonly #watchers = new Set<(timer: Waiting) => void>();

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#start + this.#now;
  }

  /** Timers that still wait. */
  get pending(): number {
    return this.#timers.size;
  }

  setTimer(callback: () => void, delayMs: number) {
    const timer: Waiting = { at: this.#now + delayMs, delayMs, order: this.#order++, callback };
    this.#timers.add(timer);
    for (const watch of this.#watchers) watch(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  debounce(callback: () => void, waitMs: number) {
    let timer: { cancel(): void } | undefined;
    const call = () => {
      timer?.cancel();
      timer = this.setTimer(callback, waitMs);
    };
    return Object.assign(call, { cancel: () => timer?.cancel() });
  }

  /** Resolves when a timer of exactly this delay waits. */
  armed(delayMs: number): Promise<void> {
    if ([...this.#timers].some((timer) => timer.delayMs === delayMs)) return Promise.resolve();
    return new Promise((resolve) => {
      const watch = (timer: Waiting) => {
        if (timer.delayMs !== delayMs) return;
        this.#watchers.delete(watch);
        resolve();
      };
      this.#watchers.add(watch);
    });
  }

  /** Fires what is due by then, in order, and lets what it started go on in between. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers]
        .filter((timer) => timer.at <= until)
        .sort((a, b) => a.at - b.at || a.order - b.order);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = until;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
