import type { RunRow, Storage } from "../storage/storage.ts";
import type { Clock } from "./clock.ts";
import { SILENT_AFTER_MS } from "./run-attempts.ts";
import type { RunChanges } from "./run-changes.ts";
import type { RunDispatcher } from "./run-dispatcher.ts";

/** How often to look when nothing is known to be due: finds what another replica stored, and silent workers. */
const IDLE_MS = 15_000;

/** After a failed look. */
const RETRY_MS = 1_000;

/**
 * How long a foreign run may be silent when nobody said how many attempts it gets: its queue may start the next one
 * long after {@link SILENT_AFTER_MS}, and an ended run could not be opened again.
 */
const SILENT_FOR_GOOD_MS = 10 * 60_000;

/** What the watch over due runs works with. */
export interface DueRunsDependencies {
  readonly storage: Storage;
  readonly changes: RunChanges;
  readonly clock: Clock;
  readonly dispatcher: RunDispatcher;
  /** Called with each failure; the next look follows all the same. */
  onError(error: unknown): void;
}

/**
 * What happens to runs by time alone: delayed ones become due, queued ones pass their ttl, and those of workers that
 * went away without a word crash. It sleeps until the next known time, at most {@link IDLE_MS}.
 */
export class DueRuns {
  readonly #with: DueRunsDependencies;
  #cancelTimer: () => void = () => undefined;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #look: Promise<void> | undefined;
  #closed = false;

  constructor(dependencies: DueRunsDependencies) {
    this.#with = dependencies;
  }

  /** Looks at once, then whenever something is due. */
  start(): void {
    this.wakeAt(this.#with.clock.now());
  }

  /** Makes sure that the next look is not later than `at`. */
  wakeAt(at: Date): void {
    if (this.#closed || at.getTime() >= this.#wakeAtMs) return;
    this.#cancelTimer();
    this.#wakeAtMs = at.getTime();
    const delayMs = Math.max(0, this.#wakeAtMs - this.#with.clock.now().getTime());
    this.#cancelTimer = this.#with.clock.schedule(() => this.#wake(), delayMs);
  }

  /** Ends it; resolves when a look under way is over. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    await this.#look;
  }

  #wake(): void {
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    // One look at a time; what becomes due during it is looked for after it.
    const before = this.#look ?? Promise.resolve();
    const look = before
      .then(() => this.#lookOnce())
      .finally(() => {
        if (this.#look === look) this.#look = undefined;
      });
    this.#look = look;
  }

  async #lookOnce(): Promise<void> {
    if (this.#closed) return;
    const { storage, changes, clock, dispatcher, onError } = this.#with;
    const now = clock.now().getTime();
    try {
      const { changed, nextDueAt } = await storage.promoteDueRuns(new Date(now));
      const crashed = await this.#crashSilentRuns(now);
      if (changed.length + crashed.length > 0) changes.publish([...changed, ...crashed].map((run) => run.id));
      if (changed.some((run) => run.status === "QUEUED")) dispatcher.notify();
      this.wakeAt(new Date(Math.min(nextDueAt?.getTime() ?? Number.POSITIVE_INFINITY, now + IDLE_MS)));
    } catch (error) {
      onError(error);
      this.wakeAt(new Date(now + RETRY_MS));
    }
  }

  /** Foreign runs only: an engine looks after its own. */
  async #crashSilentRuns(now: number): Promise<RunRow[]> {
    const { storage } = this.#with;
    const crashed: RunRow[] = [];
    for (const run of await storage.findSilentRuns("none", new Date(now - SILENT_AFTER_MS))) {
      const silentSince = (run.heartbeatAt ?? run.startedAt ?? run.updatedAt).getTime();
      const last = run.maxAttempts !== undefined && run.attempt >= run.maxAttempts;
      // Another attempt may follow, so the run stays open for it.
      if (!last && (run.maxAttempts !== undefined || now - silentSince < SILENT_FOR_GOOD_MS)) continue;
      const ended = await storage.transitionRun({
        id: run.id,
        from: [run.status],
        attempt: run.attempt,
        heldBy: run.holder,
        change: {
          status: "CRASHED",
          holder: null,
          finishedAt: new Date(now),
          error: {
            name: "WorkerLost",
            message: `The worker has been silent for ${Math.round((now - silentSince) / 1000)} s`,
          },
        },
      });
      if (ended !== undefined) crashed.push(ended);
    }
    return crashed;
  }
}
