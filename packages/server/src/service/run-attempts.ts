import type { RunStatus } from "@runmeta/runtime/protocol";
import { isEnded, LIVE_STATUSES } from "@runmeta/runtime/protocol";
import type { RunFailure, RunRow, RunTransition } from "../storage/storage.ts";
import type { AttemptOutcome, AttemptReference, AttemptResult } from "./attempt-request.ts";
import type { RunDependencies } from "./run-dependencies.ts";

/** A worker sends a heartbeat every 20 s; after three missed ones it counts as gone. */
export const SILENT_AFTER_MS = 60_000;

/** Statuses of a run that nobody executes. */
const WAITING_STATUSES: readonly RunStatus[] = ["QUEUED", "DEQUEUED", "DELAYED", "PENDING_VERSION"];

/** Statuses of a run that takes a place in its queue. */
const HELD_STATUSES: readonly RunStatus[] = ["DEQUEUED", "EXECUTING"];

/** How soon to ask again whether a full queue has room; it is also told when it has. */
const QUEUE_FULL_RETRY_MS = 1_000;

/** An attempt as the one who executes it names it. */
export type HeldAttempt = AttemptReference & { readonly attempt: number; readonly holder: string };

/** An attempt that is to begin. */
export type StartRequest = HeldAttempt & {
  /** Whoever is thought to execute the run does so no longer: a queue has handed the work out again. @default false */
  readonly takeOver?: boolean | undefined;
};

/** A worker's arithmetic may give any number; dates end somewhere. */
const MAX_RETRY_DELAY_MS = 365 * 86_400_000;

/** Lost races before giving up; each one means that somebody else made progress. */
const MAX_RACES = 5;

/**
 * The life of an attempt: start, heartbeat, completion. Each change is one conditional statement on the row that was
 * looked at (same attempt, same holder); when the row has moved on meanwhile, it is looked at again. Every call can be
 * repeated after a lost reply and answers the same.
 */
export class RunAttempts {
  readonly #with: RunDependencies;

  constructor(dependencies: RunDependencies) {
    this.#with = dependencies;
  }

  /**
   * Begins an attempt. The next one in order may begin when nobody executes the run, when the one before it has been
   * silent for {@link SILENT_AFTER_MS}, or when it is the same holder that moves on. `takeOver` begins in any case, as the
   * next attempt: a queue that hands a job out a second time has taken it away from whoever had it, and may count otherwise.
   */
  start(reference: StartRequest): Promise<AttemptResult> {
    return this.#settle(reference, (run) => {
      const { holder, takeOver = false } = reference;
      if (isEnded(run.status)) return ended(run);
      const executing = run.status === "EXECUTING" || run.status === "WAITING";
      if (takeOver && run.holder === holder && executing) return { status: "done", run };
      const attempt = takeOver ? Math.max(reference.attempt, run.attempt + 1) : reference.attempt;
      if (attempt === run.attempt && executing) {
        return run.holder === holder ? { status: "done", run } : taken(attempt);
      }
      if (attempt <= run.attempt) return outOfOrder(run, attempt);
      // A gap is an attempt whose start never arrived; its number is spent all the same.
      if (run.engine === "bullmq" && this.#isPastTtl(run)) return expired();
      const wait = takeOver ? undefined : this.#mustWaitMs(run, holder);
      if (wait !== undefined) return wait;
      const now = this.#with.clock.now();
      return {
        id: run.id,
        from: run.status === "EXECUTING" || run.status === "WAITING" ? [run.status] : WAITING_STATUSES,
        attempt: run.attempt,
        heldBy: run.holder,
        ifQueueHasRoom: run.engine === "bullmq" && !HELD_STATUSES.includes(run.status),
        change: {
          status: "EXECUTING",
          attempt,
          holder,
          heartbeatAt: now,
          ...(run.startedAt === undefined ? { startedAt: now } : {}),
          ...((run.status === "EXECUTING" || run.status === "WAITING") && run.holder !== holder
            ? { interruptions: run.interruptions + 1 }
            : {}),
        },
      };
    });
  }

  /** Says that an attempt still runs. The result's run tells whether somebody cancelled it. */
  async heartbeat(reference: AttemptReference): Promise<AttemptResult> {
    const { storage } = this.#with;
    const run = await storage.findRun(reference.environment, reference.id);
    if (run === undefined) return { status: "not-found" };
    if (run.status === "CANCELED") return { status: "done", run };
    if (isEnded(run.status)) return ended(run);
    const holder = reference.holder ?? run.holder;
    if (holder === undefined) return outOfOrder(run, reference.attempt ?? 0);
    if (reference.attempt !== undefined && reference.attempt !== run.attempt)
      return outOfOrder(run, reference.attempt);
    const held = await storage.heartbeat(holder, [run.id]);
    return held.includes(run.id) ? { status: "done", run } : taken(run.attempt);
  }

  /** Ends an attempt, and with it the run unless another attempt is announced. */
  complete(reference: AttemptReference, outcome: AttemptOutcome): Promise<AttemptResult> {
    return this.#settle(reference, (run) => {
      const attempt = reference.attempt ?? Math.max(run.attempt, 1);
      // Said twice, or overtaken by a cancellation: the first word stands.
      if (isEnded(run.status))
        return attempt <= Math.max(run.attempt, 1) ? { status: "done", run } : ended(run);
      if (attempt < run.attempt) return outOfOrder(run, attempt);
      const waiting = WAITING_STATUSES.includes(run.status);
      if (waiting && attempt === run.attempt && isRetry(outcome)) return { status: "done", run };
      const { holder } = reference;
      if (run.holder !== undefined && holder !== undefined && holder !== run.holder)
        return taken(run.attempt);
      return {
        id: run.id,
        from: LIVE_STATUSES,
        attempt: run.attempt,
        heldBy: run.holder,
        // The start of an attempt can be lost on the way while its completion arrives.
        change: {
          ...this.#ending(outcome),
          attempt,
          ...(run.startedAt ? {} : { startedAt: this.#with.clock.now() }),
        },
      };
    });
  }

  /** The run of an attempt waits for others, or for time. Repeatable. */
  pause(reference: HeldAttempt): Promise<AttemptResult> {
    return this.#move(reference, "EXECUTING", "WAITING");
  }

  /** It goes on when its queue has room. Repeatable. */
  resume(reference: HeldAttempt): Promise<AttemptResult> {
    return this.#move(reference, "WAITING", "EXECUTING");
  }

  /**
   * Gives up a run that its holder took and did not end: it is queued again, or over when `crash` is given. Nothing
   * changes when the run has ended or is somebody else's by now.
   */
  release(
    reference: HeldAttempt,
    how: { readonly interrupted: boolean; readonly crash?: RunFailure | undefined },
  ): Promise<AttemptResult> {
    return this.#settle(reference, (run) => {
      if (isEnded(run.status)) return ended(run);
      if (run.attempt !== reference.attempt) return outOfOrder(run, reference.attempt);
      if (run.holder !== reference.holder) return taken(run.attempt);
      const interruptions = run.interruptions + (how.interrupted ? 1 : 0);
      const next =
        how.crash === undefined
          ? ({ status: "QUEUED" } as const)
          : ({ status: "CRASHED", finishedAt: this.#with.clock.now(), error: how.crash } as const);
      return {
        id: run.id,
        from: ["DEQUEUED", "EXECUTING", "WAITING"],
        attempt: run.attempt,
        heldBy: reference.holder,
        change: { ...next, holder: null, interruptions },
      };
    });
  }

  #move(reference: HeldAttempt, from: RunStatus, to: RunStatus): Promise<AttemptResult> {
    return this.#settle(reference, (run) => {
      if (isEnded(run.status)) return ended(run);
      if (run.attempt !== reference.attempt) return outOfOrder(run, reference.attempt);
      if (run.holder !== reference.holder) return taken(run.attempt);
      if (run.status === to) return { status: "done", run };
      return {
        id: run.id,
        from: [from],
        attempt: run.attempt,
        heldBy: reference.holder,
        ifQueueHasRoom: run.engine === "bullmq" && to === "EXECUTING",
        change: { status: to, heartbeatAt: this.#with.clock.now() },
      };
    });
  }

  #ending(outcome: AttemptOutcome): RunTransition["change"] {
    const now = this.#with.clock.now();
    if (isRetry(outcome)) {
      if (outcome.retryAfterMs === 0) return { status: "QUEUED", holder: null };
      const delayMs = Math.min(outcome.retryAfterMs, MAX_RETRY_DELAY_MS);
      return { status: "DELAYED", holder: null, delayUntil: new Date(now.getTime() + delayMs) };
    }
    const end = { holder: null, finishedAt: now };
    if (!outcome.ok) return { ...end, status: outcome.status ?? "FAILED", error: outcome.error };
    return {
      ...end,
      status: "COMPLETED",
      ...(outcome.output === undefined ? {} : { output: outcome.output }),
    };
  }

  /** It ends as EXPIRED in a moment; until then nobody may begin it. */
  #isPastTtl(run: RunRow): boolean {
    if (run.status !== "QUEUED" || run.attempt > 0 || run.ttlSeconds === undefined) return false;
    const queuedAt = (run.delayUntil ?? run.createdAt).getTime();
    return queuedAt + run.ttlSeconds * 1000 <= this.#with.clock.now().getTime();
  }

  /** Why an attempt of `holder` cannot begin yet, with the time to wait; undefined when it can. */
  #mustWaitMs(run: RunRow, holder: string): AttemptResult | undefined {
    const now = this.#with.clock.now().getTime();
    const held = run.holder !== undefined && run.holder !== holder;
    if (held && (HELD_STATUSES.includes(run.status) || run.status === "WAITING")) {
      const silentAt = (run.heartbeatAt ?? run.startedAt ?? run.updatedAt).getTime() + SILENT_AFTER_MS;
      if (silentAt > now) {
        return {
          status: "conflict",
          code: "attempt_running",
          message: `Attempt ${run.attempt} of this run is still executing`,
          retryAfterMs: silentAt - now,
        };
      }
    }
    // A foreign worker that retries keeps the time itself; only a run that was triggered with a delay is held back then.
    const waits = run.status === "DELAYED" && (run.attempt === 0 || run.engine !== "none");
    const due = waits ? run.delayUntil?.getTime() : undefined;
    if (due === undefined || due <= now) return undefined;
    return {
      status: "conflict",
      code: "run_delayed",
      message: "This run is not due yet",
      retryAfterMs: due - now,
    };
  }

  async #isUnchanged({ environment, id }: AttemptReference, run: RunRow): Promise<boolean> {
    const now = await this.#with.storage.findRun(environment, id);
    return (
      now !== undefined &&
      now.status === run.status &&
      now.attempt === run.attempt &&
      now.holder === run.holder
    );
  }

  /** The queue is full: a run that waits for it is told when it is not, one that resumes goes before those that begin. */
  async #setAside(run: RunRow): Promise<AttemptResult> {
    await this.#with.storage.parkRun(run.id);
    // The last one may have left since it was looked at.
    this.#with.dispatcher.left?.(run);
    return queueFull();
  }

  async #settle(
    reference: AttemptReference,
    decide: (run: RunRow) => AttemptResult | RunTransition,
  ): Promise<AttemptResult> {
    const { storage, changes, dispatcher } = this.#with;
    for (let race = 0; race < MAX_RACES; race++) {
      const run = await storage.findRun(reference.environment, reference.id);
      if (run === undefined) return { status: "not-found" };
      const decision = decide(run);
      if ("status" in decision) return decision;
      const changed = await storage.transitionRun({ ...decision, environment: reference.environment });
      if (changed === undefined) {
        if (decision.ifQueueHasRoom === true && (await this.#isUnchanged(reference, run)))
          return await this.#setAside(run);
        continue;
      }
      if (HELD_STATUSES.includes(run.status) && !HELD_STATUSES.includes(changed.status))
        dispatcher.left?.(changed);
      changes.publish([changed.id]);
      if (changed.status === "QUEUED") dispatcher.notify();
      if (changed.status === "DELAYED" && changed.delayUntil !== undefined)
        this.#with.onDueAt(changed.delayUntil);
      return { status: "done", run: changed };
    }
    return {
      status: "conflict",
      code: "attempt_running",
      message: "Others are changing this run at the same time",
      retryAfterMs: 1000,
    };
  }
}

function queueFull(): AttemptResult {
  return {
    status: "conflict",
    code: "queue_full",
    message: "As many runs of this queue execute as its concurrencyLimit allows",
    retryAfterMs: QUEUE_FULL_RETRY_MS,
  };
}

function isRetry(outcome: AttemptOutcome): outcome is AttemptOutcome & { ok: false; retryAfterMs: number } {
  return !outcome.ok && outcome.retryAfterMs !== undefined;
}

function expired(): AttemptResult {
  return { status: "conflict", code: "run_ended", message: "This run has waited longer than its ttl" };
}

function ended(run: RunRow): AttemptResult {
  const message = `This run has ended: ${run.status}`;
  return { status: "conflict", code: "run_ended", message, endedAs: run.status };
}

function taken(attempt: number): AttemptResult {
  return {
    status: "conflict",
    code: "attempt_taken",
    message: `Attempt ${attempt} is held by somebody else`,
  };
}

function outOfOrder(run: RunRow, attempt: number): AttemptResult {
  return {
    status: "conflict",
    code: "attempt_out_of_order",
    message: `Attempt ${attempt} does not fit: this run is ${run.status} at attempt ${run.attempt}`,
  };
}
