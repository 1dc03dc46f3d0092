import type { Clock } from "../../src/service/clock.ts";

/** The machine's time moved by hand. Scheduled tasks run when the clock is moved past them; those that are due, at once. */
export class ShiftedClock implements Clock {
  #shiftMs = 0;
  readonly #tasks = new Map<() => void, number>();

  now(): Date {
    return new Date(Date.now() + this.#shiftMs);
  }

  schedule(task: () => void, delayMs: number): () => void {
    const entry = () => task();
    this.#tasks.set(entry, this.now().getTime() + delayMs);
    if (delayMs <= 0) setImmediate(() => this.advance(0));
    return () => void this.#tasks.delete(entry);
  }

  advance(byMs: number): void {
    this.#shiftMs += byMs;
    for (const [task, at] of [...this.#tasks]) {
      if (at > this.now().getTime()) continue;
      this.#tasks.delete(task);
      task();
    }
  }
}
