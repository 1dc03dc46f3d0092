/** Where a run takes its turn: one queue, and in it one concurrency key, with the limit that holds there. */
export interface Place {
  /** The queue's name, a line break and the concurrency key (empty without one). */
  readonly key: string;
  /** Runs of this key at the same time; undefined: as many as the process executes. */
  readonly limit: number | undefined;
}

interface Waiter {
  readonly place: Place;
  readonly grant: () => void;
}

/**
 * How many runs execute at once, in the process and in each queue. A run that waits for another one gives its turn
 * back meanwhile, and gets one before anything new begins.
 */
export class Concurrency {
  readonly #limit: number;
  readonly #onFree: () => void;
  readonly #used = new Map<string, { count: number; limit: number | undefined }>();
  #total = 0;
  /** Runs that go on after a wait, then runs that were taken from the database while their queue was full. */
  readonly #resuming: Waiter[] = [];
  readonly #starting: Waiter[] = [];

  /** `onFree` is called when there is room that nobody here waits for. */
  constructor(limit: number, onFree: () => void) {
    this.#limit = limit;
    this.#onFree = onFree;
  }

  /** Runs that may be taken from the database now. */
  get free(): number {
    return this.#limit - this.#total;
  }

  /** Keys of queues that have no room. */
  get fullKeys(): string[] {
    return [...this.#used].filter(([, { count, limit }]) => isFull(count, limit)).map(([key]) => key);
  }

  /** Resolves with true when the run may go on, with false when `signal` was aborted first. */
  take(place: Place, signal: AbortSignal, order: "start" | "resume"): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    const waiting = order === "resume" ? this.#resuming : this.#starting;
    // Where there is room for the process, everybody who waits does so for a queue.
    if (this.#fits(place)) {
      this.#use(place);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const giveUp = () => {
        waiting.splice(waiting.indexOf(waiter), 1);
        resolve(false);
      };
      const waiter: Waiter = {
        place,
        grant: () => {
          signal.removeEventListener("abort", giveUp);
          resolve(true);
        },
      };
      waiting.push(waiter);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Gives back what `take` has given. */
  release(place: Place): void {
    const entry = this.#used.get(place.key);
    this.#total -= 1;
    if (entry !== undefined && (entry.count -= 1) === 0) this.#used.delete(place.key);
    this.#grant(this.#resuming);
    this.#grant(this.#starting);
    if (this.free > 0) this.#onFree();
  }

  #grant(waiting: Waiter[]): void {
    for (const waiter of [...waiting]) {
      if (this.#total >= this.#limit) return;
      if (!this.#fits(waiter.place)) continue;
      waiting.splice(waiting.indexOf(waiter), 1);
      this.#use(waiter.place);
      waiter.grant();
    }
  }

  #fits(place: Place): boolean {
    return this.#total < this.#limit && !isFull(this.#used.get(place.key)?.count ?? 0, place.limit);
  }

  #use({ key, limit }: Place): void {
    this.#total += 1;
    const entry = this.#used.get(key);
    if (entry === undefined) this.#used.set(key, { count: 1, limit });
    else Object.assign(entry, { count: entry.count + 1, limit });
  }
}

function isFull(count: number, limit: number | undefined): boolean {
  return limit !== undefined && count >= limit;
}
