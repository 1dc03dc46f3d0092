import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { hostname } from "node:os";
import { ApiClient, registeredTasks, type TaskDefinition } from "@runmeta/runtime/worker";
import { parseSecretKeys } from "../auth/secret-keys.ts";
import { ActiveRuns } from "../engine/active-runs.ts";
import { Concurrency } from "../engine/concurrency.ts";
import type { TakenJob } from "../engine/queue/job-consumer.ts";
import { JobQueues } from "../engine/queue/job-queues.ts";
import { type QueueLocation, queueConnection } from "../engine/queue/queue-location.ts";
import { type AttemptEnd, RunExecution } from "../engine/run-execution.ts";
import { describeTask } from "../engine/task-queues.ts";
import { ServerConfigError } from "../errors.ts";
import { connectWorker } from "./connect-worker.ts";
import { HttpReports } from "./http-reports.ts";
import { TaskSource } from "./task-source.ts";
import { WorkerRoom } from "./worker-room.ts";

/** Options of {@link createWorker}. */
export interface WorkerOptions extends QueueLocation {
  /** Where the server is, for example `http://127.0.0.1:3030`; one address for all replicas will do. */
  readonly apiUrl: string;
  /** A key of the environment whose runs are executed. */
  readonly secretKey: string;
  /**
   * Runs that execute at the same time in this process, 1 or more; a run that waits for another one, or by `wait.for`,
   * does not count. *Cost* of more: the runs share one thread.
   *
   * @default 100
   */
  readonly concurrency?: number | undefined;
  /** Ids of the tasks to execute. @default all that are registered in this process when it starts */
  readonly tasks?: readonly string[] | undefined;
  /**
   * Milliseconds between two heartbeats, 100 to 20,000; a cancelled run is told to stop at the next one.
   * *Cost* of less: a request and a statement each time.
   *
   * @default 5,000
   */
  readonly heartbeatMs?: number | undefined;
  /** Called after each attempt, its last flush included. What it throws goes to `onError`. */
  readonly onAttemptEnd?: ((end: AttemptEnd) => void) | undefined;
  /** Called with faults that nobody else can hear of. @default `process.emitWarning` */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A process that executes runs of a server with {@link bullmqEngine}. */
export interface RunmetaWorker {
  /** Ids of the tasks that it executes. */
  readonly tasks: readonly string[];
  /** Runs that are here now, those that wait included. */
  readonly activeRuns: number;
  /**
   * Takes no more runs, waits for those under way at most `timeoutMs` (10,000 unless given), and gives back what is
   * left then: it begins once more, on any worker, and the attempt does not count. Repeatable.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/** How long stopped code, its hooks and its last writes are waited for after the deadline of a shutdown. */
const LEAVING_MS = 8_000;

/**
 * Executes runs: those of the tasks that modules of this process have registered. It tells the server what it can
 * execute, then takes jobs until it is closed.
 *
 * @throws ServerConfigError for an option out of range, no tasks, a queue that cannot be reached or a key that is refused
 * @example
 * import "./tasks.ts";
 * const worker = await createWorker({
 *   apiUrl: "http://127.0.0.1:3030",
 *   secretKey: process.env.TRIGGER_SECRET_KEY ?? "",
 *   redisUrl: "redis://127.0.0.1:6379",
 * });
 */
export async function createWorker(options: WorkerOptions): Promise<RunmetaWorker> {
  const { concurrency = 100, heartbeatMs = 5_000, onError = warn } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new ServerConfigError(`Option concurrency is ${concurrency}; it must be a whole number from 1.`);
  if (!(heartbeatMs >= 100 && heartbeatMs <= 20_000))
    throw new ServerConfigError(`Option heartbeatMs is ${heartbeatMs}; it must be from 100 to 20,000.`);
  const location = queueConnection(options);
  const [key] = parseSecretKeys([options.secretKey]);
  if (key === undefined) throw new ServerConfigError("Option secretKey is missing.");
  const client = new ApiClient({ baseURL: options.apiUrl, accessToken: options.secretKey });
  const reports = new HttpReports(client);
  const tasks = registeredTasks().filter((task) => options.tasks?.includes(task.id) ?? true);
  if (tasks.length === 0)
    throw new ServerConfigError("A worker needs tasks: import the modules that define them first.");
  const { maximumSizeBytes } = await connectWorker(
    () => reports.announce(tasks.map((task) => describeTask(task, tasks))),
    onError,
  );
  const queues = await JobQueues.open(location, onError);
  const worker = new Worker({
    ...{ tasks, queues, reports, client, concurrency, heartbeatMs, maximumSizeBytes, onError },
    environment: key.environment,
    onAttemptEnd: options.onAttemptEnd,
  });
  worker.start();
  return worker;
}

interface WorkerParts {
  readonly tasks: readonly TaskDefinition[];
  readonly environment: string;
  readonly queues: JobQueues;
  readonly reports: HttpReports;
  readonly client: ApiClient;
  readonly concurrency: number;
  readonly heartbeatMs: number;
  readonly maximumSizeBytes: number;
  onError(error: unknown): void;
  readonly onAttemptEnd: WorkerOptions["onAttemptEnd"];
}

/** Limits of queues hold on all workers together, so the server keeps them; here only the process has one. */
const PROCESS = { key: "", limit: undefined };

class Worker implements RunmetaWorker {
  readonly #parts: WorkerParts;
  readonly #active = new ActiveRuns();
  readonly #concurrency: Concurrency;
  readonly #sources: TaskSource[];
  readonly #holder = `${hostname()}-${process.pid}-${randomUUID()}`;
  readonly #stop = new AbortController();
  readonly #deadline = new AbortController();
  readonly #room: WorkerRoom;
  #heartbeat: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    // Every run under way may wait for it.
    setMaxListeners(0, this.#deadline.signal, this.#stop.signal);
    this.#concurrency = new Concurrency(parts.concurrency, () => this.#room.wake());
    this.#room = new WorkerRoom(this.#concurrency);
    this.#sources = parts.tasks.map(
      (task) =>
        new TaskSource({
          jobs: parts.queues.consume(parts.environment, task.id),
          signal: this.#stop.signal,
          room: this.#room,
          begin: (job) => this.#begin(job, task),
          onError: parts.onError,
        }),
    );
  }

  get tasks(): readonly string[] {
    return this.#parts.tasks.map((task) => task.id);
  }

  get activeRuns(): number {
    return this.#active.ids.length;
  }

  start(): void {
    let beating = false;
    this.#heartbeat = setInterval(() => {
      if (beating) return;
      beating = true;
      void this.#beat()
        .catch(this.#parts.onError)
        .finally(() => {
          beating = false;
        });
    }, this.#parts.heartbeatMs);
    for (const source of this.#sources) source.start();
  }

  close({ timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#closeOnce(Date.now() + timeoutMs);
    return this.#closing;
  }

  async #closeOnce(until: number): Promise<void> {
    this.#stop.abort();
    this.#room.close();
    await Promise.all(this.#sources.map((source) => source.close()));
    this.#active.shutDown("unstarted");
    await this.#active.drain(until);
    this.#active.shutDown("all");
    await this.#active.over(LEAVING_MS);
    clearInterval(this.#heartbeat);
    this.#deadline.abort();
    // What hangs even now is silent from here on, and begins once more elsewhere.
    await this.#active.over(100);
    await this.#parts.queues.close();
  }

  #begin(job: TakenJob, task: TaskDefinition): void {
    const { onError, reports } = this.#parts;
    // The same run twice is a job that was added again while its run began.
    if (this.#active.find(job.runId) !== undefined) {
      job.done().catch(onError);
      return;
    }
    const execution = new RunExecution({
      run: { id: job.runId, environment: this.#parts.environment, attempt: job.attempt - 1 },
      task,
      place: PROCESS,
      holder: this.#holder,
      reports,
      client: this.#parts.client,
      concurrency: this.#concurrency,
      deadline: this.#deadline.signal,
      maximumSizeBytes: this.#parts.maximumSizeBytes,
      onError,
      onAttemptEnd: this.#parts.onAttemptEnd,
      // First, so that the server can add another one as soon as it refuses the start.
      beforeStart: () => job.done().catch(onError),
    });
    this.#active.begin(job.runId, execution);
  }

  async #beat(): Promise<void> {
    const started = this.#active.ids.filter((id) => this.#active.find(id)?.started);
    if (started.length === 0) return;
    const executions = new Map(started.map((id) => [id, this.#active.find(id)]));
    const { held, cancelled } = await this.#parts.reports.heartbeats(this.#holder, started);
    const own = new Set(held);
    for (const [id, execution] of executions) {
      // It may have ended meanwhile, and another attempt of it may be here.
      if (own.has(id) || this.#active.find(id) !== execution) continue;
      execution?.stop(cancelled.includes(id) ? "cancelled" : "lost");
    }
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)));
}
