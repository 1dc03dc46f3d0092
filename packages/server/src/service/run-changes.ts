import type { ChangeStorage } from "../storage/storage.ts";
import type { Clock } from "./clock.ts";

/** How servers on one database hear of each other's changes. */
export type ChangeRelay = Pick<ChangeStorage, "announceRuns" | "onRunsAnnounced">;

const STREAM_TOPIC = "stream:";

/** What chunks of a stream are announced by; goes through the same messages as run ids, which a comma would break. */
export function streamTopic(runId: string, key: string): string {
  return `${STREAM_TOPIC}${runId}/${encodeURIComponent(key)}`;
}

/**
 * Tells who waits for a run that something about it has changed: its status, its tags or its document. It carries ids
 * only; a listener reads the row itself, so it can never see less than what was committed. Changes that other servers on the database
 * announce wake those who wait too; a missed one is found when the wait ends and the row is read again.
 */
export class RunChanges {
  readonly #listeners = new Set<(runIds: readonly string[]) => void>();
  readonly #waiting = new Map<string, Set<(changed: boolean) => void>>();
  readonly #watchers = new Set<(runIds: readonly string[] | undefined) => void>();
  readonly #clock: Clock;
  readonly #relay: ChangeRelay | undefined;
  readonly #endRelay: (() => void) | undefined;
  #closed = false;

  constructor(clock: Clock, relay?: ChangeRelay) {
    this.#clock = clock;
    this.#relay = relay;
    this.#endRelay = relay?.onRunsAnnounced((ids) => this.#hear(ids));
  }

  /** To be called after the commit. A listener that throws is the listener's fault and stops nobody else. */
  publish(runIds: readonly string[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(runIds);
      } catch {
        // A change feed has no one to report to; the listener's owner guards its own code.
      }
    }
    this.#wake(runIds);
    this.#relay?.announceRuns(runIds);
  }

  /** The same for chunks of a stream: wakes only who waits for this stream, here and at other servers. */
  publishStream(topic: string): void {
    this.#wakeWaiting([topic]);
    this.#relay?.announceRuns([topic]);
  }

  #hear(ids: readonly string[] | undefined): void {
    const runIds = ids?.filter((id) => !id.startsWith(STREAM_TOPIC));
    if (runIds === undefined || runIds.length > 0) this.#wake(runIds);
    this.#wakeWaiting(ids?.filter((id) => id.startsWith(STREAM_TOPIC)) ?? []);
  }

  #wake(runIds: readonly string[] | undefined): void {
    for (const watcher of this.#watchers) watcher(runIds);
    this.#wakeWaiting(runIds ?? [...this.#waiting.keys()]);
  }

  #wakeWaiting(topics: readonly string[]): void {
    for (const topic of topics) for (const end of [...(this.#waiting.get(topic) ?? [])]) end(true);
  }

  /** Calls `listener` with the ids of each change made through this process from now on; the returned function ends it. */
  subscribe(listener: (runIds: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The same for changes through any server, undefined: anything may have changed; `watcher` must not throw. */
  watch(watcher: (runIds: readonly string[] | undefined) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /**
   * Starts to listen for the next change of a run, or of a stream by its topic, at once; `changed` resolves with true at the change, with false after
   * `timeoutMs`, when `signal` aborts, or once this is closed. Begin before reading the row, or a change in between is missed.
   */
  next(topic: string, timeoutMs: number, signal?: AbortSignal): { changed: Promise<boolean>; stop(): void } {
    if (this.#closed || signal?.aborted === true)
      return { changed: Promise.resolve(false), stop: () => undefined };
    const wakers = this.#waiting.get(topic) ?? new Set();
    this.#waiting.set(topic, wakers);
    let settle: (changed: boolean) => void = () => undefined;
    const changed = new Promise<boolean>((resolve) => {
      settle = resolve;
    });
    const end = (result: boolean) => {
      stopTimer();
      signal?.removeEventListener("abort", giveUp);
      wakers.delete(end);
      if (wakers.size === 0 && this.#waiting.get(topic) === wakers) this.#waiting.delete(topic);
      settle(result);
    };
    const giveUp = () => end(false);
    const stopTimer = this.#clock.schedule(giveUp, timeoutMs);
    wakers.add(end);
    signal?.addEventListener("abort", giveUp, { once: true });
    return { changed, stop: giveUp };
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Ends every wait, and those still to come, as if their time were over. */
  close(): void {
    this.#closed = true;
    this.#endRelay?.();
    for (const wakers of [...this.#waiting.values()]) for (const end of [...wakers]) end(false);
  }
}
