import { ServerConfigError } from "../errors.ts";
import type { TaskDefaults } from "../service/run-dispatcher.ts";
import type { DispatchedRun, QueuePlace, RunSummary } from "../storage/storage.ts";
import type { Engine, EngineHost } from "./engine.ts";
import { JobQueues, type QueueConnection, type RunJob } from "./queue/job-queues.ts";
import { type QueueLocation, queueConnection } from "./queue/queue-location.ts";
import { recoverRuns } from "./recover-runs.ts";

/** Options of {@link bullmqEngine}: where the queue is, and how soon it is repaired. */
export interface BullmqEngineOptions extends QueueLocation {
  /**
   * Milliseconds of silence after which a worker counts as gone and its runs begin their next attempt, 3,000 or more.
   * *Cost* of less: a worker that stalls for so long loses its runs, and they begin once more.
   *
   * @default 60,000
   */
  readonly leaseMs?: number | undefined;
  /**
   * Milliseconds after which a run that still waits is put into the queue once more, in case the queue has lost it or
   * a server died before it was there; 1,000 or more. *Cost* of less: more useless look-ups of long queues.
   *
   * @default 30,000
   */
  readonly repairAfterMs?: number | undefined;
}

/** Runs handed to the queue by one statement. */
const DISPATCH_LIMIT = 500;

/** How often to look without being told: for runs that another server stored before it died. */
const LOOK_EVERY_MS = 2_000;

/** How long what workers said about a task is remembered. */
const DEFAULTS_MS = 2_000;
const MOST_DEFAULTS = 10_000;

/**
 * Hands runs to workers (`runmeta worker`, `createWorker`) through BullMQ, on Redis or on PostgreSQL; executes nothing
 * itself. The run's row is the truth and a job only says that it is due: a job that is lost is added again, one that is
 * there twice begins nothing twice. Any number of servers may share one PostgreSQL database and one queue.
 *
 * Needs the packages `bullmq` and, for Redis, `ioredis`.
 *
 * @throws ServerConfigError for an option out of range, or a place that is no queue
 * @example
 * const server = await createServer({
 *   storage: postgresStorage({ connectionString }),
 *   engine: bullmqEngine({ redisUrl: "redis://127.0.0.1:6379" }),
 * });
 */
export function bullmqEngine(options: BullmqEngineOptions): Engine {
  const { leaseMs = 60_000, repairAfterMs = 30_000 } = options;
  if (!(leaseMs >= 3_000 && leaseMs <= 86_400_000))
    throw new ServerConfigError(`Option leaseMs is ${leaseMs}; it must be from 3,000 to 86,400,000.`);
  if (!(repairAfterMs >= 1_000 && repairAfterMs <= 86_400_000))
    throw new ServerConfigError(
      `Option repairAfterMs is ${repairAfterMs}; it must be from 1,000 to 86,400,000.`,
    );
  return new BullmqEngine({ connection: queueConnection(options), leaseMs, repairAfterMs });
}

class BullmqEngine implements Engine {
  readonly name = "bullmq";
  readonly #options: { connection: QueueConnection; leaseMs: number; repairAfterMs: number };
  readonly #defaults = new Map<string, { readonly value: Promise<TaskDefaults>; readonly until: number }>();
  /** Queues that a run has left, by their name. */
  readonly #left = new Map<string, QueuePlace>();
  readonly #timers: NodeJS.Timeout[] = [];
  /** What timers have begun: the storage closes after it. */
  readonly #underWay = new Set<Promise<void>>();
  /** Taken from the database, and not in the queue yet. */
  #unsent: readonly DispatchedRun[] = [];
  #startedAt = 0;
  #host: EngineHost | undefined;
  #queues: JobQueues | undefined;
  #wanted = false;
  #dispatching: Promise<void> | undefined;
  #stopping = false;

  constructor(options: { connection: QueueConnection; leaseMs: number; repairAfterMs: number }) {
    this.#options = options;
  }

  async start(host: EngineHost): Promise<void> {
    if (this.#host !== undefined)
      throw new ServerConfigError("An engine serves one server, once; make another.");
    this.#host = host;
    this.#queues = await JobQueues.open(this.#options.connection, host.onError);
    this.#startedAt = Date.now();
    this.#every(LOOK_EVERY_MS, () => this.notify());
    this.#every(this.#options.repairAfterMs / 2, () => this.#repair(host));
    this.#every(this.#options.leaseMs / 3, () => this.#recover(host));
    this.notify();
  }

  /** Which tasks there are only workers know. */
  knows(): boolean {
    return true;
  }

  taskDefaults(environment: string, task: string): Promise<TaskDefaults> {
    const host = this.#host;
    if (host === undefined) return Promise.resolve({});
    const key = `${environment}\n${task}`;
    const known = this.#defaults.get(key);
    const now = Date.now();
    if (known !== undefined && known.until > now) return known.value;
    if (this.#defaults.size >= MOST_DEFAULTS) this.#defaults.clear();
    const value = host.storage.findTaskDefaults(environment, task).then((found) => found ?? {});
    this.#defaults.set(key, { value, until: now + DEFAULTS_MS });
    // A failed look fails the triggers that wait for it, and no other.
    value.catch(() => this.#defaults.delete(key));
    return value;
  }

  notify(): void {
    this.#wanted = true;
    if (this.#host === undefined || this.#queues === undefined || this.#stopping) return;
    this.#dispatching ??= this.#dispatch(this.#host, this.#queues)
      .catch(this.#host.onError)
      .finally(() => {
        this.#dispatching = undefined;
        // Said while the last look was ending.
        if (this.#wanted) this.notify();
      });
  }

  /** Its worker hears of it at its next heartbeat; a job of a run that has ended begins nothing. */
  cancel(): void {}

  left(run: RunSummary): void {
    const { environment, queue = `task/${run.task}`, concurrencyKey = "" } = run;
    this.#left.set(`${environment}\n${queue}\n${concurrencyKey}`, { environment, queue, concurrencyKey });
    this.notify();
  }

  async stop({ timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    // A queue that is away would be waited for; what is not in it is found by the next look of any server.
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.all([this.#dispatching, ...this.#underWay]), timeUp]);
    clearTimeout(timer);
    await this.#queues?.close();
  }

  /** Hands due runs over, one statement at a time. */
  async #dispatch({ storage }: EngineHost, queues: JobQueues): Promise<void> {
    while (this.#wanted && !this.#stopping) {
      this.#wanted = false;
      const left = [...this.#left.values()];
      this.#left.clear();
      for (const place of left) await storage.wakeParkedRuns(this.name, place);
      await this.#send(queues, this.#unsent);
      const runs = await storage.dispatchRuns({ engine: this.name, limit: DISPATCH_LIMIT });
      await this.#send(queues, runs);
      if (runs.length === DISPATCH_LIMIT) this.#wanted = true;
    }
  }

  async #send(queues: JobQueues, runs: readonly DispatchedRun[]): Promise<void> {
    this.#unsent = runs;
    await queues.add(runs.map(jobOf));
    this.#unsent = [];
  }

  /** What a crash between the row and the job left behind, or a queue without its data. */
  async #repair({ storage }: EngineHost): Promise<void> {
    const queues = this.#queues;
    if (queues === undefined) return;
    await storage.wakeParkedRuns(this.name);
    this.notify();
    await this.#dispatching;
    const lostAfterMs = this.#options.repairAfterMs;
    const runs = await storage.dispatchRuns({ engine: this.name, limit: DISPATCH_LIMIT, lostAfterMs });
    await queues.add(runs.map(jobOf));
  }

  async #recover({ storage, runs }: EngineHost): Promise<void> {
    // While no server was there, workers could not be heard.
    if (Date.now() - this.#startedAt < this.#options.leaseMs) return;
    const silentSince = new Date(Date.now() - this.#options.leaseMs);
    await recoverRuns({ storage, runs, engine: this.name, holder: undefined, silentSince });
  }

  #every(periodMs: number, action: () => unknown): void {
    let running: Promise<void> | undefined;
    const timer = setInterval(() => {
      if (running !== undefined || this.#stopping) return;
      const run = Promise.resolve()
        .then(async () => void (await action()))
        .catch((error: unknown) => this.#host?.onError(error))
        .finally(() => {
          running = undefined;
          this.#underWay.delete(run);
        });
      running = run;
      this.#underWay.add(run);
    }, periodMs);
    this.#timers.push(timer.unref());
  }
}

function jobOf({ id, environment, task, attempt, priority }: DispatchedRun): RunJob {
  return { runId: id, environment, task, attempt: attempt + 1, priority };
}
