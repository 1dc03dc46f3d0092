import type { Concurrency, Place } from "./concurrency.ts";

/**
 * One run's turn: taken before it begins, given back while all it does is wait, taken again before it goes on.
 * Several waits can overlap (`Promise.all`); the turn comes back with the last of them, since code that goes on after
 * an earlier one may do nothing but wait for the rest, and what that waits for needs a turn too.
 */
export class Turn {
  readonly #concurrency: Concurrency;
  readonly #place: Place;
  readonly #signal: AbortSignal;
  #held = false;
  #ended = false;
  #waits = 0;
  #waitsForRuns = 0;

  constructor(concurrency: Concurrency, place: Place, signal: AbortSignal) {
    this.#concurrency = concurrency;
    this.#place = place;
    this.#signal = signal;
  }

  /** True before it begins, and while the run waits for other runs. */
  get idle(): boolean {
    return this.#waitsForRuns > 0 || !this.#held;
  }

  /** Resolves with false when the run is told to stop before its turn. */
  async begin(): Promise<boolean> {
    this.#held = await this.#concurrency.take(this.#place, this.#signal, "start");
    return this.#held;
  }

  /** The run starts to wait. */
  pause(forRuns: boolean): void {
    this.#waits += 1;
    if (forRuns) this.#waitsForRuns += 1;
    if (this.#waits === 1) this.#giveBack();
  }

  /** A wait is over. Resolves when the run may go on: at once when it is told to stop, so that it can end. */
  async resume(forRuns: boolean): Promise<void> {
    this.#waits -= 1;
    if (forRuns) this.#waitsForRuns -= 1;
    if (this.#waits > 0 || this.#held || this.#ended) return;
    const taken = await this.#concurrency.take(this.#place, this.#signal, "resume");
    if (!taken) return;
    this.#held = true;
    // While it queued, the run ended or began another wait.
    if (this.#ended || this.#waits > 0) this.#giveBack();
  }

  /** The run is over. */
  end(): void {
    this.#ended = true;
    this.#giveBack();
  }

  #giveBack(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#concurrency.release(this.#place);
  }
}
