import { isEnded, LIVE_STATUSES, RUN_STATUSES } from "@runmeta/runtime/protocol";
import type { RunFailure, RunQuery, RunRow, RunSummary } from "../storage/storage.ts";
import { announceTasks, type TaskAnnouncement } from "./announce-tasks.ts";
import type { AttemptOutcome, AttemptReference, AttemptResult } from "./attempt-request.ts";
import { cutPage } from "./cursor-page.ts";
import { parseDelay } from "./duration.ts";
import { indexableKey } from "./indexable-key.ts";
import { type RegisterRequest, type RegisterResult, registerRun } from "./register-run.ts";
import { type ReplayOverrides, replayRequest } from "./replay-run.ts";
import { type HeldAttempt, RunAttempts, type StartRequest } from "./run-attempts.ts";
import type { RunDependencies } from "./run-dependencies.ts";
import { newTags, type TagsResult } from "./run-tags.ts";
import type { RunFamily } from "./run-view.ts";
import type { TriggerRefusal, TriggerRequest, TriggerResult } from "./trigger-request.ts";
import { type BatchItem, RunTrigger } from "./trigger-run.ts";

/**
 * Children that a retrieval shows, each with its document. The official API has no bound; a run with thousands of them
 * would be answered with as many documents.
 */
const MAX_CHILDREN = 100;

/** A page of runs, newest first. */
export interface RunPage {
  readonly runs: readonly RunSummary[];
  /** Ids to go on from; absent where there is nothing more. */
  readonly next: string | undefined;
  readonly previous: string | undefined;
}

/** What became of a new time for a delayed run. */
export type RescheduleResult =
  | { readonly status: "rescheduled" | "not-found" }
  | { readonly status: "refused"; readonly message: string };

/**
 * Everything that can be done with runs, for the routes and for engines alike. Its methods answer with values; they
 * reject only when the storage does. A method that resolves has been committed.
 */
export class RunService {
  readonly #with: RunDependencies;
  readonly #trigger: RunTrigger;
  readonly #attempts: RunAttempts;

  constructor(dependencies: RunDependencies) {
    this.#with = dependencies;
    this.#trigger = new RunTrigger(dependencies);
    this.#attempts = new RunAttempts(dependencies);
  }

  /** Largest metadata document, in UTF-8 bytes of its JSON. */
  get maximumSizeBytes(): number {
    return this.#with.maximumSizeBytes;
  }

  /** Stores a run and tells the engine, or finds the one that the same key or the same request made before. */
  trigger(request: TriggerRequest): Promise<TriggerResult> {
    return this.#trigger.trigger(request);
  }

  /** Why a trigger would be refused, without storing anything; undefined when it would not. */
  checkTrigger(request: TriggerRequest): Promise<TriggerRefusal | undefined> {
    return this.#trigger.check(request);
  }

  /** Stores the items of a batch, all or none; results are in the order of `items`. */
  triggerItems(items: readonly { request: TriggerRequest; item: BatchItem }[]): Promise<TriggerResult[]> {
    return this.#trigger.triggerItems(items);
  }

  /** Triggers the task of a run once more; undefined when there is no such run. */
  async replay(
    environment: string,
    id: string,
    overrides: ReplayOverrides,
    requestKey: string | undefined,
  ): Promise<TriggerResult | undefined> {
    const run = await this.#with.storage.findRun(environment, id);
    return run && (await this.#trigger.trigger(replayRequest(run, overrides, requestKey)));
  }

  /** Gives a delayed run another time: a duration from now, or an ISO date. */
  async reschedule(environment: string, id: string, delay: string): Promise<RescheduleResult> {
    const { storage, clock, changes, onDueAt } = this.#with;
    const delayUntil = parseDelay(delay, clock.now());
    if (delayUntil === undefined)
      return { status: "refused", message: `Invalid delay: ${delay.slice(0, 100)}` };
    const change = { delayUntil };
    const run = await storage.transitionRun({ environment, id, from: ["DELAYED"], change });
    if (run === undefined) {
      const message = "Cannot reschedule a run that is not delayed";
      return (await storage.findRun(environment, id))
        ? { status: "refused", message }
        : { status: "not-found" };
    }
    onDueAt(delayUntil);
    changes.publish([id]);
    return { status: "rescheduled" };
  }

  /** Frees an idempotency key; false when no run of the task holds it. */
  resetIdempotencyKey(environment: string, task: string, key: string): Promise<boolean> {
    return this.#with.storage.releaseIdempotencyKey(environment, task, indexableKey(key));
  }

  /** Makes a run known that somebody else executes; no engine takes it. Repeatable. */
  register(request: RegisterRequest): Promise<RegisterResult> {
    return registerRun(request, this.#with);
  }

  /** A run, or undefined when this environment has none of that id. */
  async find(environment: string, id: string): Promise<RunRow | undefined> {
    return await this.#with.storage.findRun(environment, id);
  }

  /** A run with its parent, root and newest children. */
  async retrieve(environment: string, id: string): Promise<RunFamily | undefined> {
    const { storage } = this.#with;
    const run = await storage.findRun(environment, id);
    if (run === undefined) return undefined;
    const ids = [...new Set([run.parentId, run.rootId].filter((relative) => relative !== undefined))];
    const [relatives, children] = await Promise.all([
      ids.length === 0 ? [] : storage.findRuns(environment, ids),
      storage.childrenOf(environment, id, MAX_CHILDREN),
    ]);
    return {
      run,
      parent: relatives.find((relative) => relative.id === run.parentId),
      root: relatives.find((relative) => relative.id === run.rootId),
      children,
    };
  }

  /** A page of runs; `query.limit` is its size. */
  async list(query: RunQuery): Promise<RunPage> {
    const found = await this.#with.storage.listRuns({ ...query, limit: query.limit + 1 });
    const { rows: runs, ...page } = cutPage(found, query, (run) => run.id);
    return { runs, ...page };
  }

  /** Cancels a run that has not ended; an ended one is returned as it is. Its worker is told, but not waited for. */
  async cancel(environment: string, id: string): Promise<RunRow | undefined> {
    const { storage, clock, changes, dispatcher } = this.#with;
    const now = clock.now();
    const change = { status: "CANCELED", finishedAt: now, cancelRequestedAt: now } as const;
    const cancelled = await storage.transitionRun({ environment, id, from: LIVE_STATUSES, change });
    if (cancelled === undefined) return await storage.findRun(environment, id);
    dispatcher.cancel(id);
    dispatcher.left?.(cancelled);
    changes.publish([id]);
    return cancelled;
  }

  /** Adds tags, at most ten in all; undefined when there is no such run. */
  async addTags(
    environment: string,
    id: string,
    given: string | readonly string[],
  ): Promise<TagsResult | undefined> {
    const { storage, changes } = this.#with;
    for (;;) {
      const run = await storage.findRun(environment, id);
      if (run === undefined) return undefined;
      const result = newTags(run.tags, given);
      if (!result.ok || result.added.length === 0) return result;
      const { tags } = result;
      const changed = await storage.transitionRun({
        environment,
        id,
        from: RUN_STATUSES,
        tagged: run.tags,
        change: { tags },
      });
      // Somebody else added some meanwhile: ten fit, so that ends.
      if (changed === undefined) continue;
      changes.publish([id]);
      return result;
    }
  }

  /** Begins an attempt of a run for a worker; {@link RunAttempts.start} tells when it may. */
  start(request: StartRequest): Promise<AttemptResult> {
    return this.#attempts.start(request);
  }

  /** Says that an attempt still runs. */
  heartbeat(reference: AttemptReference): Promise<AttemptResult> {
    return this.#attempts.heartbeat(reference);
  }

  /** Says that runs of a holder still execute: those that are still its own, and those that were cancelled meanwhile. */
  async heartbeats(
    environment: string,
    holder: string,
    ids: readonly string[],
  ): Promise<{ held: string[]; cancelled: string[] }> {
    const { storage } = this.#with;
    const held = await storage.heartbeat(holder, ids, environment);
    const lost = ids.filter((id) => !held.includes(id));
    const rows = lost.length === 0 ? [] : await storage.findRuns(environment, lost);
    return { held, cancelled: rows.filter((run) => run.status === "CANCELED").map((run) => run.id) };
  }

  /** The run of an attempt waits for others, or for time, and leaves its place in its queue to another one. */
  pause(reference: HeldAttempt): Promise<AttemptResult> {
    return this.#attempts.pause(reference);
  }

  /** It goes on; a conflict `queue_full` says when to ask again. */
  resume(reference: HeldAttempt): Promise<AttemptResult> {
    return this.#attempts.resume(reference);
  }

  /** Stores what workers say about their tasks. */
  announceTasks(environment: string, tasks: readonly TaskAnnouncement[]): Promise<void> {
    return announceTasks(environment, tasks, this.#with.storage);
  }

  /** Ends an attempt, and the run unless another attempt is announced. Repeatable. */
  complete(reference: AttemptReference, outcome: AttemptOutcome): Promise<AttemptResult> {
    return this.#attempts.complete(reference, outcome);
  }

  /** Gives up a run that its holder took and did not end; {@link RunAttempts.release} tells what becomes of it. */
  release(
    reference: HeldAttempt,
    how: { readonly interrupted: boolean; readonly crash?: RunFailure | undefined },
  ): Promise<AttemptResult> {
    return this.#attempts.release(reference, how);
  }

  /**
   * The run once it has ended, or as it is after `timeoutMs`; undefined when there is none. It wakes on changes made
   * through this process; the end of the time reads the row once more, so another replica's change is seen then.
   */
  async waitForEnd(
    environment: string,
    id: string,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<RunRow | undefined> {
    const { storage, changes, clock } = this.#with;
    const until = clock.now().getTime() + timeoutMs;
    for (let over = false; ; ) {
      const leftMs = until - clock.now().getTime();
      const change = changes.next(id, Math.max(0, leftMs), signal);
      try {
        const run = await storage.findRun(environment, id);
        if (run === undefined || isEnded(run.status) || over || leftMs <= 0) return run;
        over = !(await change.changed);
      } finally {
        change.stop();
      }
    }
  }

  /** Calls `listener` with the ids of runs whose status, tags or document changed through this process. */
  onRunChanged(listener: (runIds: readonly string[]) => void): () => void {
    return this.#with.changes.subscribe(listener);
  }
}
