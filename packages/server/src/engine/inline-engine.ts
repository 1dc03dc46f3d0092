import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { ApiClient, findTask, registeredTasks, type TaskDefinition } from "@runmeta/runtime/worker";
import { ServerConfigError } from "../errors.ts";
import type { RunRow } from "../storage/storage.ts";
import { ActiveRuns } from "./active-runs.ts";
import { Concurrency } from "./concurrency.ts";
import type { Engine, EngineHost } from "./engine.ts";
import { recoverRuns } from "./recover-runs.ts";
import { type AttemptEnd, RunExecution } from "./run-execution.ts";
import { pausedQueues, placeOf, queueOf } from "./task-queues.ts";
import { untilStored } from "./until-stored.ts";

/** Options of {@link inlineEngine}; all have defaults. */
export interface InlineEngineOptions {
  /**
   * Runs that execute at the same time in this process, 1 or more; a run that waits for another one, or by `wait.for`,
   * does not count. Limits of queues hold beside it, in each process for itself.
   * *Cost* of more: the runs share one thread.
   *
   * @default 100
   */
  readonly concurrency?: number | undefined;
  /** Ids of the tasks to execute. @default all that are registered in this process, also those registered later */
  readonly tasks?: readonly string[] | undefined;
  /**
   * Milliseconds of silence after which another process's runs are taken over, 3,000 or more; its own runs are
   * confirmed three times as often. Of no meaning on the embedded database, which one process has at a time.
   * *Cost* of less: a process that stalls for so long loses its runs, and they begin once more.
   *
   * @default 60,000
   */
  readonly leaseMs?: number | undefined;
  /** Called after each attempt, its last flush included: for logs and counters. What it throws goes to `onError`. */
  readonly onAttemptEnd?: ((end: AttemptEnd) => void) | undefined;
}

/** Runs taken by one statement. */
const CLAIM_LIMIT = 100;

/** How often to look without being told: for runs that other processes stored, and tasks that were registered since. */
const LOOK_EVERY_MS = 2_000;

/** A run of an environment without a key is looked at again after this time. */
const NO_KEY_DELAY_MS = 60_000;

/** How long stopped code, its hooks and its last writes are waited for after the deadline of a shutdown. */
const LEAVING_MS = 8_000;

/**
 * Executes runs in this process: the tasks that its modules have registered (`task({ … })`). Runs survive the process:
 * what was queued or interrupted goes on at the next start, and several processes may share one PostgreSQL database.
 *
 * @throws ServerConfigError for an option out of range
 * @example
 * import "./tasks.ts";
 * const server = await createServer({ engine: inlineEngine({ concurrency: 10 }) });
 */
export function inlineEngine(options: InlineEngineOptions = {}): Engine {
  const { concurrency = 100, leaseMs = 60_000, tasks, onAttemptEnd } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new ServerConfigError(`Option concurrency is ${concurrency}; it must be a whole number from 1.`);
  if (!(leaseMs >= 3_000 && leaseMs <= 86_400_000))
    throw new ServerConfigError(`Option leaseMs is ${leaseMs}; it must be from 3,000 to 86,400,000.`);
  const only = tasks === undefined ? undefined : new Set(tasks);
  return new InlineEngine({ concurrency, leaseMs, tasks: only, onAttemptEnd });
}

interface ResolvedOptions {
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly tasks: ReadonlySet<string> | undefined;
  readonly onAttemptEnd: InlineEngineOptions["onAttemptEnd"];
}

class InlineEngine implements Engine {
  readonly name = "inline";
  readonly #options: ResolvedOptions;
  readonly #concurrency: Concurrency;
  readonly #active = new ActiveRuns();
  readonly #clients = new Map<string, { readonly accessToken: string; readonly client: ApiClient }>();
  readonly #deadline = new AbortController();
  readonly #holder = `inline-${process.pid}-${randomUUID()}`;
  #looking: NodeJS.Timeout | undefined;
  #keeping: NodeJS.Timeout | undefined;
  #host: EngineHost | undefined;
  #wanted = false;
  #claiming: Promise<void> | undefined;
  #stopping = false;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    // Every run under way may wait for it.
    setMaxListeners(0, this.#deadline.signal);
    this.#concurrency = new Concurrency(options.concurrency, () => this.notify());
  }

  async start(host: EngineHost): Promise<void> {
    if (this.#host !== undefined)
      throw new ServerConfigError("An engine serves one server, once; make another.");
    this.#host = host;
    await this.#recover(host);
    this.#looking = this.#every(LOOK_EVERY_MS, () => this.notify());
    this.#keeping = this.#every(this.#options.leaseMs / 3, () => this.#keep(host));
    this.notify();
  }

  knows(task: string): boolean {
    return (this.#options.tasks?.has(task) ?? true) && findTask(task) !== undefined;
  }

  taskDefaults(_environment: string, id: string): { queue?: string; ttl?: string | number | undefined } {
    const task = findTask(id);
    return task === undefined ? {} : { queue: queueOf(task), ttl: task.settings.ttl };
  }

  notify(): void {
    this.#wanted = true;
    if (this.#host === undefined || this.#stopping) return;
    this.#claiming ??= this.#claim(this.#host)
      .catch(this.#host.onError)
      .finally(() => {
        this.#claiming = undefined;
        // Said while the last look was ending.
        if (this.#wanted) this.notify();
      });
  }

  cancel(runId: string): void {
    this.#active.find(runId)?.stop("cancelled");
  }

  async stop({ timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    const startedAt = Date.now();
    this.#stopping = true;
    clearInterval(this.#looking);
    await this.#claiming;
    this.#active.shutDown("unstarted");
    await this.#active.drain(startedAt + timeoutMs);
    this.#active.shutDown("all");
    await this.#active.over(LEAVING_MS);
    clearInterval(this.#keeping);
    this.#deadline.abort();
    // What hangs even now is found by the next start; its own late reports are refused by the closed storage.
    await this.#active.over(100);
  }

  /** Takes due runs while there is room, one statement at a time. */
  async #claim(host: EngineHost): Promise<void> {
    const { storage } = host;
    while (this.#wanted && !this.#stopping) {
      this.#wanted = false;
      const limit = Math.min(this.#concurrency.free, CLAIM_LIMIT);
      const tasks = this.#tasks();
      if (limit === 0 || tasks.length === 0) return;
      const claimed = await storage.claimRuns({
        engine: this.name,
        holder: this.#holder,
        limit,
        tasks: tasks.map((task) => task.id),
        fullQueues: [...pausedQueues(tasks), ...this.#concurrency.fullKeys],
      });
      for (const run of claimed) this.#begin(host, run, tasks);
      if (claimed.length === limit) this.#wanted = true;
    }
  }

  #begin(host: EngineHost, run: RunRow, tasks: readonly TaskDefinition[]): void {
    const task = tasks.find((known) => known.id === run.task);
    const client = this.#client(host, run.environment);
    if (task === undefined || client === undefined) {
      void this.#postpone(host, run);
      return;
    }
    const execution = new RunExecution({
      run,
      task,
      client,
      place: placeOf(run, tasks),
      holder: this.#holder,
      reports: host.runs,
      concurrency: this.#concurrency,
      deadline: this.#deadline.signal,
      maximumSizeBytes: host.maximumSizeBytes,
      onError: host.onError,
      onAttemptEnd: this.#options.onAttemptEnd,
    });
    this.#active.begin(run.id, execution);
  }

  /** Such a run could not write its metadata. It is not lost: somebody may add the key. */
  async #postpone(host: EngineHost, run: RunRow): Promise<void> {
    const { onError, storage } = host;
    onError(
      new ServerConfigError(`Run ${run.id} waits: its environment ${run.environment} has no secret key.`),
    );
    const delayUntil = new Date(Date.now() + NO_KEY_DELAY_MS);
    const { id, attempt } = run;
    await untilStored(
      () =>
        storage.transitionRun({
          id,
          attempt,
          from: ["DEQUEUED"],
          heldBy: this.#holder,
          change: { status: "DELAYED", holder: null, delayUntil },
        }),
      { signal: this.#deadline.signal, onError },
    );
  }

  /** Confirms this process's runs, stops those that are no longer its own, and takes over those of silent processes. */
  async #keep(host: EngineHost): Promise<void> {
    const { ids } = this.#active;
    const held = new Set(await host.storage.heartbeat(this.#holder, ids));
    for (const id of ids.filter((id) => !held.has(id))) await this.#checkLost(host, id);
    if (!host.storage.exclusive && !this.#stopping) await this.#recover(host);
  }

  /** Not confirmed: ended by itself a moment ago, cancelled through another process, or taken over. */
  async #checkLost(host: EngineHost, id: string): Promise<void> {
    const execution = this.#active.find(id);
    if (execution === undefined) return;
    const held = await host.storage.heartbeat(this.#holder, [id]);
    if (held.length > 0 || !execution.started) return;
    const run = await host.storage.findRun(execution.environment, id);
    if (this.#active.find(id) === execution)
      execution.stop(run?.status === "CANCELED" ? "cancelled" : "lost");
  }

  #recover(host: EngineHost): Promise<void> {
    const { storage, runs } = host;
    const { leaseMs } = this.#options;
    // Where no other process can have the database open, whoever left runs behind is gone.
    const silentSince = storage.exclusive ? undefined : new Date(Date.now() - leaseMs);
    return recoverRuns({ storage, runs, engine: this.name, holder: this.#holder, silentSince });
  }

  #client(host: EngineHost, environment: string): ApiClient | undefined {
    const accessToken = host.secretKey(environment);
    if (accessToken === undefined) return undefined;
    const known = this.#clients.get(environment);
    // The key may have been revoked, and another one taken its place.
    if (known?.accessToken === accessToken) return known.client;
    // The name is never looked up: requests go to the server in this process.
    const client = new ApiClient({ baseURL: "http://localhost", accessToken, fetch: host.fetch });
    this.#clients.set(environment, { accessToken, client });
    return client;
  }

  #tasks(): readonly TaskDefinition[] {
    return registeredTasks().filter((task) => this.#options.tasks?.has(task.id) ?? true);
  }

  #every(periodMs: number, action: () => unknown): NodeJS.Timeout {
    const timer = setInterval(() => {
      void Promise.resolve()
        .then(action)
        .catch((error: unknown) => this.#host?.onError(error));
    }, periodMs);
    return timer.unref();
  }
}
