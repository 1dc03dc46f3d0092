import type { ChangeStorage, RunGroup, RunMembership } from "../../storage/storage.ts";
import type { Clock } from "../clock.ts";
import type { RunChanges } from "../run-changes.ts";

interface Wait {
  readonly group: RunGroup;
  end(changed: boolean): void;
}

/** A wait for the next change of a group. */
export interface GroupWait {
  /** True at a change; false when the time is over, the signal aborted, or the server closes. */
  readonly changed: Promise<boolean>;
  stop(): void;
}

/**
 * Wakes who waits for a group of runs. A change carries only the id of a run: as long as somebody waits, what a changed
 * run belongs to is read, once for all who wait and many runs in one statement.
 */
export class GroupWaits {
  readonly #storage: Pick<ChangeStorage, "findMemberships">;
  readonly #clock: Clock;
  readonly #changes: RunChanges;
  readonly #waits = new Set<Wait>();
  readonly #changed = new Set<string>();
  #work: Promise<void> | undefined;

  constructor(storage: Pick<ChangeStorage, "findMemberships">, changes: RunChanges, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
    this.#changes = changes;
    changes.watch((runIds) => this.#note(runIds));
  }

  /** Starts to listen at once. Begin before reading the group, or a change in between is missed. */
  next(group: RunGroup, timeoutMs: number, signal: AbortSignal | undefined): GroupWait {
    if (this.#changes.closed || signal?.aborted === true)
      return { changed: Promise.resolve(false), stop: () => undefined };
    let settle: (changed: boolean) => void = () => undefined;
    const changed = new Promise<boolean>((resolve) => {
      settle = resolve;
    });
    const giveUp = () => wait.end(false);
    const wait: Wait = {
      group,
      end: (result) => {
        stopTimer();
        signal?.removeEventListener("abort", giveUp);
        this.#waits.delete(wait);
        settle(result);
      },
    };
    const stopTimer = this.#clock.schedule(giveUp, timeoutMs);
    this.#waits.add(wait);
    signal?.addEventListener("abort", giveUp, { once: true });
    return { changed, stop: giveUp };
  }

  /** Ends every wait, as if its time were over. */
  close(): void {
    for (const wait of [...this.#waits]) wait.end(false);
  }

  #note(runIds: readonly string[] | undefined): void {
    if (this.#waits.size === 0) return;
    if (runIds === undefined) {
      for (const wait of [...this.#waits]) wait.end(true);
      return;
    }
    for (const id of runIds) this.#changed.add(id);
    this.#work ??= this.#wake();
  }

  async #wake(): Promise<void> {
    while (this.#changed.size > 0) {
      const ids = [...this.#changed];
      this.#changed.clear();
      // Where it cannot be told who is concerned, everybody looks for himself.
      const runs = await this.#storage.findMemberships(ids).catch(() => undefined);
      for (const wait of [...this.#waits])
        if (runs === undefined || runs.some((run) => belongs(run, wait.group))) wait.end(true);
    }
    this.#work = undefined;
  }
}

function belongs(run: RunMembership, group: RunGroup): boolean {
  return (
    run.environment === group.environment &&
    (group.batchId === undefined || run.batchId === group.batchId) &&
    (group.createdFrom === undefined || run.createdAt >= group.createdFrom) &&
    (group.tags ?? []).every((tag) => run.tags.includes(tag))
  );
}
