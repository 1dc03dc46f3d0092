import type { Concurrency, Place } from "./concurrency.ts";

/** What a {@link Turn} works with. */
export interface TurnParts {
  readonly concurrency: Concurrency;
  readonly place: Place;
  /** Aborted when the run is told to stop: it need not wait for its turn to do so. */
  readonly signal: AbortSignal;
  /** Called when the run has given its turn back to wait; must not throw. */
  onPause(): void;
  /** Called when it has its turn again; the run goes on when it has resolved. Never rejects. */
  onResume(): Promise<void>;
}

/**
 * One run's turn: taken before it begins, given back while all it does is wait, taken again before it goes on.
 * Several waits can overlap (`Promise.all`); the turn comes back with the last of them, since code that goes on after
 * an earlier one may do nothing but wait for the rest, and what that waits for needs a turn too.
 */
export class Turn {
  readonly #parts: TurnParts;
  #held = false;
  #ended = false;
  #waits = 0;
  #waitsForRuns = 0;

  constructor(parts: TurnParts) {
    this.#parts = parts;
  }

  /** True before it begins, and while the run waits for other runs. */
  get idle(): boolean {
    return this.#waitsForRuns > 0 || !this.#held;
  }

  /** Resolves with false when the run is told to stop before its turn. */
  async begin(): Promise<boolean> {
    this.#held = await this.#take("start");
    return this.#held;
  }

  /** The run starts to wait. */
  pause(forRuns: boolean): void {
    this.#waits += 1;
    if (forRuns) this.#waitsForRuns += 1;
    if (this.#waits > 1) return;
    this.#giveBack();
    this.#parts.onPause();
  }

  /** A wait is over. Resolves when the run may go on: at once when it is told to stop, so that it can end. */
  async resume(forRuns: boolean): Promise<void> {
    this.#waits -= 1;
    if (forRuns) this.#waitsForRuns -= 1;
    if (this.#waits > 0 || this.#held || this.#ended) return;
    if (!(await this.#take("resume"))) return;
    this.#held = true;
    // While it queued, the run ended or began another wait.
    if (this.#ended || this.#waits > 0) this.#giveBack();
    else await this.#parts.onResume();
  }

  /** The run is over. */
  end(): void {
    this.#ended = true;
    this.#giveBack();
  }

  #take(order: "start" | "resume"): Promise<boolean> {
    const { concurrency, place, signal } = this.#parts;
    return concurrency.take(place, signal, order);
  }

  #giveBack(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#parts.concurrency.release(this.#parts.place);
  }
}
