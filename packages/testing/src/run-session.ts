import { type Clock, MetadataValueError } from "@runmeta/runtime";
import {
  copyJson,
  DEFAULT_MAXIMUM_SIZE_BYTES,
  isJsonObject,
  type JsonObject,
  MAXIMUM_SIZE_VARIABLE,
  resolveMaximumSize,
} from "@runmeta/runtime/protocol";
import {
  ApiClient,
  type AttemptOutcome,
  createRunTarget,
  currentConfig,
  decodePacket,
  describeError,
  encodePacket,
  findTask,
  type RunmetaConfig,
  runAttempts,
  type TaskDefinition,
  type WriteListener,
} from "@runmeta/runtime/worker";
import { describeRun } from "./describe-run.ts";
import type { EndpointRun } from "./endpoint-run.ts";
import type { NewRun, RunEnd } from "./endpoint-runs.ts";
import { packetsReady } from "./packets-ready.ts";
import type { RecordedRequest } from "./recorded-request.ts";
import type { RunEngine } from "./route.ts";
import { emptyNotes, notingListeners, type RunNotes } from "./run-notes.ts";
import {
  type EndpointInternals,
  internalsOf,
  type ScriptedEndpoint,
  scriptedEndpoint,
} from "./scripted-endpoint.ts";
import { SkippingClock } from "./skipping-clock.ts";
import { StoredNotes } from "./stored-notes.ts";
import type { TestOptions } from "./test-options.ts";
import { addStats, type TestRun } from "./test-run.ts";
import { TrackedClock } from "./tracked-clock.ts";

/** What a session is made of. */
export interface SessionOptions extends TestOptions {
  readonly config?: RunmetaConfig | undefined;
  /** The task's own limit. */
  readonly taskMaximumSize?: number | undefined;
}

/** Retries happen as they do in production, whatever the config says about development. */
const environment = { id: "env_test", slug: "test", type: "PRODUCTION" } as const;

/** Jittered waits are at their shortest, so that times are the same in every run of a test. */
const withoutSpread = () => 0;

/**
 * One mocked run with all its descendants: their clock, their client of the endpoint, and what they did. Several
 * sessions at one endpoint share documents and nothing else.
 */
export class RunSession implements RunEngine {
  readonly clock: TrackedClock;
  readonly client: ApiClient;
  readonly endpoint: EndpointInternals;
  readonly #options: SessionOptions;
  readonly #skipping: SkippingClock | undefined;
  readonly #requests: RecordedRequest[] = [];
  readonly #notes = new Map<string, RunNotes>();
  readonly #cancels = new Map<string, AbortController>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#skipping = options.clock === undefined ? new SkippingClock() : undefined;
    this.clock = new TrackedClock(options.clock ?? (this.#skipping as Clock));
    const endpoint = options.endpoint ?? this.#ownEndpoint();
    this.endpoint = internalsOf(endpoint);
    const stored = new StoredNotes({
      find: (id) => this.endpoint.runs.find(id),
      notesOf: (id) => this.notesOf(id),
      now: () => this.clock.now(),
      refresh: (run) => this.endpoint.backend.refresh([run]),
    });
    const fetch = this.endpoint.connect({
      clock: this.clock,
      engine: this,
      onRequest: (request) => this.#requests.push(request),
      onResponse: (request, response) => stored.note(request, response),
    });
    const { baseURL, accessToken } = endpoint;
    this.client = new ApiClient({ baseURL, accessToken, fetch, clock: this.clock });
  }

  /**
   * A document that the test gives, as it would arrive from a trigger.
   * @throws MetadataValueError, MetadataSizeError for what cannot be the metadata of a run
   */
  document(metadata: object | undefined): JsonObject {
    return documentOf(metadata, this.#limitOf(this.#options.taskMaximumSize));
  }

  /** Makes the run that was given as parent, if one was; gives its id. */
  async openParent(): Promise<string | undefined> {
    const { parent } = this.#options;
    if (parent === undefined) return undefined;
    const run = await this.create({ id: parent.id, metadata: this.document(parent.metadata) });
    await this.#start(run);
    return run.id;
  }

  /** Makes a run at the endpoint. */
  async create(run: Omit<NewRun, "createdAt">): Promise<EndpointRun> {
    const created = this.endpoint.runs.create({ ...run, createdAt: this.clock.wallTime() });
    await this.endpoint.backend.created(created);
    return created;
  }

  /**
   * For a run that registers itself.
   * @throws Error when another test has a run of this id
   */
  async requireUnused(id: string): Promise<void> {
    if (this.endpoint.runs.find(id) === undefined) await this.endpoint.backend.requireUnused(id);
  }

  /** Makes a run at a backend that has no calls for workers, with which the run would make itself known. */
  async openUnregistered(run: Omit<NewRun, "createdAt">): Promise<void> {
    if (!this.endpoint.backend.knowsWorkers) await this.#start(await this.create(run));
  }

  /** Its end, likewise. */
  endUnregistered(run: EndpointRun): void {
    if (this.endpoint.backend.knowsWorkers) return;
    const finishedAt = this.clock.wallTime();
    this.endpoint.runs.end(run, { status: "COMPLETED", output: undefined, error: undefined, finishedAt });
  }

  async #start(run: EndpointRun): Promise<void> {
    await this.endpoint.backend.started(run, 1);
    this.endpoint.runs.start(run, 1, this.clock.wallTime());
  }

  async #endAs(run: EndpointRun, end: Omit<RunEnd, "finishedAt">): Promise<void> {
    const ended = { ...end, finishedAt: this.clock.wallTime() };
    await this.endpoint.backend.ended(run, ended);
    this.endpoint.runs.end(run, ended);
  }

  /** Moves time, where nobody else does, until `body` and every run that was triggered on the way have ended. */
  async drive<T>(body: () => Promise<T>): Promise<T> {
    const everything = this.#finish(body);
    const result = await (this.#skipping?.drive(everything) ?? everything);
    const failure = this.endpoint.scriptFailure();
    if (failure !== undefined) throw failure;
    return result;
  }

  async #finish<T>(body: () => Promise<T>): Promise<T> {
    await packetsReady;
    try {
      return await body();
    } finally {
      while (this.#underWay.size > 0) await Promise.all(this.#underWay);
      await this.endpoint.backend.refresh(this.endpoint.runs.all());
    }
  }

  /** Executes a run to its end. Rejects for options that are out of range only. */
  async perform(run: EndpointRun, task: TaskDefinition): Promise<void> {
    const notes = this.notesOf(run.id);
    const cancel = new AbortController();
    this.#cancels.set(run.id, cancel);
    const { config, signal } = this.#options;
    const { backend } = this.endpoint;
    await this.#start(run);
    /** What the backend is told between attempts, in order. */
    let told: Promise<void> | undefined;
    const limitBytes = this.#limitOf(task.settings.metadata?.maximumSize);
    const { outcome } = await runAttempts({
      task,
      run: {
        id: run.id,
        attempt: 1,
        payload: run.payload,
        metadata: run.document.current,
        initialMetadata: run.initialMetadata,
        tags: run.tags,
        parentId: run.parentId,
        rootId: run.rootId,
        batchId: run.batchId,
        maxAttempts: run.maxAttempts,
        isTest: run.isTest,
        environment,
      },
      client: this.client,
      target: createRunTarget({
        runId: run.id,
        endpoint: () => this.client,
        clock: this.clock,
        limitBytes,
      }),
      clock: this.clock,
      signal: signal === undefined ? cancel.signal : AbortSignal.any([signal, cancel.signal]),
      config,
      random: withoutSpread,
      metadataOptions: this.listeners(run.id, task),
      onWrite: this.noteWrites(run.id),
      onHook: (call) => notes.hooks.push({ ...call, attempt: run.attempt }),
      onAttempt: (attempt, ended) => {
        notes.stats = addStats(notes.stats, ended.stats);
        if (ended.kind !== "failed" || ended.retryAfterMs === undefined) return;
        run.attempt = attempt + 1;
        told = Promise.resolve(told)
          .then(() => backend.failed(run, ended.error))
          .then(() => backend.started(run, attempt + 1));
        // Whoever ends the run hears of it.
        told.catch(() => {});
      },
    });
    await told;
    await this.#end(run, outcome);
  }

  async #end(run: EndpointRun, outcome: AttemptOutcome): Promise<void> {
    const notes = this.notesOf(run.id);
    const end = { output: undefined, error: undefined };
    switch (outcome.kind) {
      case "completed":
        notes.output = await decodePacket(outcome.output);
        return this.#endAs(run, { ...end, status: "COMPLETED", output: outcome.output });
      case "failed":
        notes.error = outcome.thrown;
        return this.#endAs(run, {
          ...end,
          status: outcome.timedOut ? "TIMED_OUT" : "FAILED",
          error: outcome.error,
        });
      case "cancelled":
        return this.#endAs(run, { ...end, status: "CANCELED" });
    }
  }

  knows(taskId: string): boolean {
    return Object.hasOwn(this.#options.children ?? {}, taskId) || findTask(taskId) !== undefined;
  }

  execute(run: EndpointRun): void {
    const task = findTask(run.task);
    const stubbed = Object.hasOwn(this.#options.children ?? {}, run.task);
    const ended = (stubbed || task === undefined ? this.#performStub(run) : this.perform(run, task)).catch(
      (error: unknown) => this.#fail(run, error),
    );
    this.#underWay.add(ended);
    void ended.finally(() => this.#underWay.delete(ended));
  }

  cancel(run: EndpointRun): void {
    this.#cancels.get(run.id)?.abort(new Error("the run was cancelled"));
  }

  async #performStub(run: EndpointRun): Promise<void> {
    const stub = this.#options.children?.[run.task];
    await this.#start(run);
    const value: unknown = typeof stub === "function" ? await stub(await decodePacket(run.payload)) : stub;
    const output = await encodePacket(value);
    this.notesOf(run.id).output = await decodePacket(output);
    await this.#endAs(run, { status: "COMPLETED", output, error: undefined });
  }

  async #fail(run: EndpointRun, thrown: unknown): Promise<void> {
    this.notesOf(run.id).error = thrown;
    await this.#endAs(run, { status: "FAILED", output: undefined, error: describeError(thrown) });
  }

  /** Options that note warnings and drops of a run; those that the user registered are told as well. */
  listeners(runId: string, task?: TaskDefinition) {
    const layers = [task?.settings.metadata, (this.#options.config ?? currentConfig())?.metadata];
    const { maximumSize } = this.#options;
    return { maximumSize, ...notingListeners(this.notesOf(runId), layers) };
  }

  notesOf(runId: string): RunNotes {
    const notes = this.#notes.get(runId) ?? emptyNotes();
    this.#notes.set(runId, notes);
    return notes;
  }

  /** A listener that puts a run's writes on its timeline; those to other runs appear there when they arrive. */
  noteWrites(runId: string): WriteListener {
    const { timeline } = this.notesOf(runId);
    return ({ target, operation, document }) => {
      if (target !== "self") return;
      const attempt = this.endpoint.runs.find(runId)?.attempt ?? 1;
      timeline.push({ at: this.clock.now(), attempt, operation, document });
    };
  }

  describe(run: EndpointRun): TestRun {
    for (const { runId, delayMs } of this.clock.awaitedTimers) {
      const message = `something in run ${runId} still waits ${delayMs} ms on its clock (wait.for, flush()): await it before the run ends`;
      this.notesOf(runId).leftovers.push({ kind: "timer", message });
    }
    return describeRun(run, {
      runs: this.endpoint.runs,
      requests: [...this.#requests],
      notesOf: (id) => this.notesOf(id),
    });
  }

  #limitOf(taskMaximumSize: number | undefined): number {
    const { maximumSize, config } = this.#options;
    const configured = (config ?? currentConfig())?.metadata?.maximumSize;
    // A text that is no number is reported by the runtime, in its own words.
    const fromEnvironment = resolveMaximumSize(process.env[MAXIMUM_SIZE_VARIABLE]);
    return maximumSize ?? taskMaximumSize ?? configured ?? fromEnvironment ?? DEFAULT_MAXIMUM_SIZE_BYTES;
  }

  #ownEndpoint(): ScriptedEndpoint {
    const { backend, taskMaximumSize } = this.#options;
    return scriptedEndpoint([], { backend, maximumSize: this.#limitOf(taskMaximumSize) });
  }
}

function documentOf(metadata: object | undefined, limitBytes: number): JsonObject {
  const copy = copyJson(metadata ?? {}, undefined, limitBytes);
  if (!isJsonObject(copy)) throw new MetadataValueError("$", "the metadata of a run must be an object");
  return copy;
}
