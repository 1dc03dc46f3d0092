import { FailedAttempt } from "./failed-attempt.ts";
import { type FoldedAnswer, foldUpdate } from "./fold-update.ts";
import { type DocumentStorage, GroupRows, type HistorySize } from "./group-rows.ts";
import type { Kinship } from "./kinship.ts";
import { RecentDocuments } from "./recent-documents.ts";
import { isTransientFailure } from "./transient-failure.ts";
import type { PendingUpdate } from "./update-queue.ts";

/** What committing a group needs; the seams for time are for tests. */
export interface CommitterOptions {
  readonly storage: DocumentStorage;
  readonly limitBytes: number;
  readonly kinship: Kinship;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** The runs whose documents changed, after each commit. */
  readonly onChange: (changed: readonly HistorySize[]) => void;
  /** A statement that failed, whether or not the retry succeeds. */
  readonly onError: (error: unknown) => void;
}

/** A part of a group on its way to a commit. */
interface Share {
  readonly updates: readonly PendingUpdate[];
  /** How often another writer was faster. */
  losses: number;
  /** How often the statement failed. */
  failures: number;
  readonly attempts: readonly FailedAttempt[];
  /** Whether rows may be taken from memory: only at first. */
  readonly remembers: boolean;
}

type AttemptResult =
  | {
      readonly kind: "committed";
      readonly answers: readonly [PendingUpdate, FoldedAnswer][];
      readonly changed: readonly HistorySize[];
    }
  /** Some answers rest on rows from memory that no statement would check. */
  | { readonly kind: "unsure" }
  | { readonly kind: "lost" }
  | { readonly kind: "failed"; readonly error: unknown; readonly attempt: FailedAttempt | undefined };

/** Races that a whole group may lose before its runs go one by one. */
const groupLosses = 3;
/** Races that one run may lose before its requests are sent away. */
const runLosses = 30;
/** Attempts at a database that is away, 50 ms and 200 ms apart. */
const transientAttempts = 3;
/** After this time what is left of a group is sent away, so that a storage in trouble does not hold up all that wait. */
const groupDeadlineMs = 8000;
/** Pause told to clients that were sent away. */
export const retryAfterMs = 1000;

/**
 * Commits a group of requests in one statement and answers each of them. When another server was faster, the group is read
 * and applied again; when the statement is at fault, the group is halved until the request at fault stands alone, so
 * that it fails nobody else. What could not be committed is answered `unavailable`, never from memory (D5).
 */
export class GroupCommitter {
  readonly #options: CommitterOptions;
  readonly #recent = new RecentDocuments();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** What somebody else did to a row, in this process, is to be seen by the next group. */
  forget(id: string): void {
    this.#recent.forget(id);
  }

  /** Resolves when every request has its answer; never rejects. */
  async commit(updates: readonly PendingUpdate[]): Promise<void> {
    const shares: Share[] = [{ updates, losses: 0, failures: 0, attempts: [], remembers: true }];
    const deadline = performance.now() + groupDeadlineMs;
    for (let share = shares.shift(); share !== undefined; share = shares.shift()) {
      if (performance.now() > deadline) {
        sendAway(share);
        continue;
      }
      // The parts of a share go first, so that requests to one run keep their order.
      shares.unshift(...(await this.#advance(share)));
    }
  }

  /** One attempt; gives back what is still to be done. */
  async #advance(share: Share): Promise<Share[]> {
    const result = await this.#attempt(share);
    if (result.kind === "committed") {
      for (const [update, answer] of result.answers) update.settle(answer());
      if (result.changed.length > 0) this.#tell(() => this.#options.onChange(result.changed));
      return [];
    }
    if (result.kind === "unsure") return [{ ...share, remembers: false }];
    if (result.kind === "lost") return this.#afterLoss(share);
    this.#tell(() => this.#options.onError(result.error));
    const attempts = result.attempt === undefined ? share.attempts : [...share.attempts, result.attempt];
    return this.#afterFailure({ ...share, attempts, remembers: false }, isTransientFailure(result.error));
  }

  async #attempt(share: Share): Promise<AttemptResult> {
    const { storage, limitBytes, kinship, now } = this.#options;
    let attempt: FailedAttempt | undefined;
    try {
      const requests = share.updates.map((update) => update.request);
      const recent = share.remembers ? this.#recent : undefined;
      const rows = await GroupRows.read(requests, { storage, limitBytes, kinship, recent });
      const uncertain = share.attempts.some((earlier) => earlier.mayHaveCommitted(rows));
      const time = now();
      const answers: [PendingUpdate, FoldedAnswer][] = share.updates.map((update) => {
        // Sent again it could count twice; whoever sent it without a key must look and decide.
        if (uncertain && update.request.idempotencyKey === undefined) return [update, unavailable];
        return [update, foldUpdate(update.request, rows, limitBytes, time)];
      });
      const written = rows.toWrites();
      const writes = written.map(({ write }) => write);
      if (rows.isUnsure(writes)) return { kind: "unsure" };
      if (writes.length > 0) {
        attempt = new FailedAttempt(writes);
        if (!(await storage.writeDocuments(writes))) return { kind: "lost" };
        for (const earlier of share.attempts) earlier.committed(writes);
        for (const { row } of written) this.#recent.keep(row);
      }
      const changed = written.flatMap(({ write, row }) => (write.change === undefined ? [] : [row]));
      return { kind: "committed", answers, changed };
    } catch (error) {
      return { kind: "failed", error, attempt };
    }
  }

  /** A listener that throws is its own problem: the commit stands, and the next group must run. */
  #tell(listener: () => void): void {
    try {
      listener();
    } catch {}
  }

  async #afterLoss(share: Share): Promise<Share[]> {
    // What is remembered may be what lost: reading again is no race yet.
    if (share.remembers) return [{ ...share, remembers: false }];
    const losses = share.losses + 1;
    if (losses === groupLosses) return byRun(share.updates).map((updates) => ({ ...share, updates, losses }));
    if (losses >= runLosses) return sendAway(share);
    // The first time at once; then apart, or two servers meet again and again.
    if (losses > 1) await this.#options.wait(Math.random() * Math.min(2 ** losses, 64));
    return [{ ...share, losses }];
  }

  async #afterFailure(share: Share, transient: boolean): Promise<Share[]> {
    const failures = share.failures + 1;
    if (transient) {
      if (failures >= transientAttempts) return sendAway(share);
      await this.#options.wait(50 * 4 ** (failures - 1));
      return [{ ...share, failures }];
    }
    if (share.updates.length === 1) return sendAway(share);
    const middle = Math.ceil(share.updates.length / 2);
    return [share.updates.slice(0, middle), share.updates.slice(middle)].map((updates) => ({
      ...share,
      updates,
    }));
  }
}

function sendAway(share: Share): Share[] {
  for (const update of share.updates) update.settle(unavailable());
  return [];
}

function unavailable(): ReturnType<FoldedAnswer> {
  return { status: "unavailable", retryAfterMs };
}

function byRun(updates: readonly PendingUpdate[]): PendingUpdate[][] {
  const runs = new Map<string, PendingUpdate[]>();
  for (const update of updates) {
    const list = runs.get(update.request.runId);
    if (list === undefined) runs.set(update.request.runId, [update]);
    else list.push(update);
  }
  return [...runs.values()];
}
