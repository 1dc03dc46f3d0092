import { useSyncExternalStore } from "react";
import { connection } from "./connection.ts";

const TICK_MS = 1_000;

/** One clock for the whole page: all that show the time are drawn together, once a second. */
class PageClock {
  readonly #listeners = new Set<() => void>();
  #now = Date.now();
  #timer: ReturnType<typeof setInterval> | undefined;

  readonly now = (): number => this.#now;

  readonly listen = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) this.#start();
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly #tick = (): void => {
    if (document.visibilityState === "hidden") return;
    this.#now = Date.now();
    for (const listener of this.#listeners) listener();
  };

  #start(): void {
    this.#now = Date.now();
    this.#timer = setInterval(this.#tick, TICK_MS);
    document.addEventListener("visibilitychange", this.#tick);
  }

  #stop(): void {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#tick);
  }
}

const clock = new PageClock();

/**
 * The time, every second while the tab is visible. While the connection is lost it is the time of the last good answer:
 * a duration that went on counting would be a claim about a run that nobody can see.
 */
export function useNow(): number {
  const stoppedAt = useSyncExternalStore(connection.listen, timeOfLoss);
  const now = useSyncExternalStore(clock.listen, clock.now);
  return stoppedAt > 0 ? stoppedAt : now;
}

/** A number: good answers, which come every second, then draw nothing anew. */
function timeOfLoss(): number {
  const { status, lastGoodAt } = connection.state();
  return status === "lost" ? lastGoodAt : 0;
}
