import { isRunId } from "@runmeta/runtime/protocol";
import type { NewRun, RunRow, RunSummary } from "../storage/storage.ts";
import { type DebounceOptions, debounceFault, joinDebounced } from "./debounce.ts";
import { parseDelay, parseDurationSeconds } from "./duration.ts";
import { indexableKey } from "./indexable-key.ts";
import { initialMetadata } from "./initial-metadata.ts";
import { KeyedLock } from "./keyed-lock.ts";
import { newId, tokenRunId } from "./new-id.ts";
import { STORED_PAYLOAD, toPacket } from "./packet.ts";
import { isPacketId } from "./packet-uploads.ts";
import type { RunDependencies } from "./run-dependencies.ts";
import { newTags } from "./run-tags.ts";
import type { TriggerOptions, TriggerRefusal, TriggerRequest, TriggerResult } from "./trigger-request.ts";

const DEFAULT_IDEMPOTENCY_SECONDS = 30 * 86_400;

/** The largest number of seconds or attempts the database keeps (int4). */
const MAX_INTEGER = 2_147_483_647;

/** Where a run belongs when it is an item of a batch. */
export interface BatchItem {
  readonly batchId: string;
  readonly runId: string;
  readonly waits: boolean;
  readonly parentId: string | undefined;
}

/** Parents looked up for one group of triggers; undefined for an id that is not there. */
type ParentCache = Map<string, RunRow | undefined>;

/** Makes runs of trigger requests. */
export class RunTrigger {
  readonly #with: RunDependencies;
  readonly #lock = new KeyedLock();

  constructor(dependencies: RunDependencies) {
    this.#with = dependencies;
  }

  /** Stores a run, or finds the one that the same key or the same request made before. */
  async trigger(request: TriggerRequest): Promise<TriggerResult> {
    const { dispatcher } = this.#with;
    if (!dispatcher.knows(request.task)) return refuse("task-not-found", "Task not found");
    const prepared = await this.#prepare(request, undefined, new Map());
    if ("ok" in prepared) return prepared;
    const { oneTimeToken, options } = request;
    if (oneTimeToken === undefined) return await this.#insertOnce(prepared, options?.debounce);
    return await this.#lock.run([JSON.stringify(["token", oneTimeToken])], async () => {
      const made = await this.#with.storage.findRun(prepared.environment, prepared.id);
      if (made === undefined) return await this.#insertOnce(prepared, options?.debounce);
      // The same call once more: its first reply was lost.
      const { requestKey, task } = prepared;
      if (requestKey !== undefined && made.requestKey === requestKey && made.task === task)
        return { ok: true, run: made, isCached: false };
      return refuse(
        "unprocessable",
        `Cannot trigger ${task} with a one-time use token as it has already been used.`,
      );
    });
  }

  /** Why a request would be refused, without storing anything; undefined when it would not. */
  async check(request: TriggerRequest): Promise<TriggerRefusal | undefined> {
    if (!this.#with.dispatcher.knows(request.task)) return refuse("task-not-found", "Task not found");
    const prepared = await this.#prepare(request, undefined, new Map());
    return "ok" in prepared ? prepared : undefined;
  }

  /**
   * Stores many runs, those without a key in one statement. All are looked at before any is stored: when one is
   * refused, none is there.
   */
  async triggerItems(
    wanted: readonly { request: TriggerRequest; item: BatchItem }[],
  ): Promise<TriggerResult[]> {
    const { storage, dispatcher, changes } = this.#with;
    const parents: ParentCache = new Map();
    const prepared: (NewRun | TriggerRefusal)[] = [];
    for (const { request, item } of wanted) {
      prepared.push(
        dispatcher.knows(request.task)
          ? await this.#prepare(request, item, parents)
          : refuse("task-not-found", "Task not found"),
      );
    }
    const runs = prepared.filter((one): one is NewRun => !("ok" in one));
    if (runs.length < prepared.length) {
      return prepared.map((one) => ("ok" in one ? one : refuse("unprocessable", "Another item was refused")));
    }
    const plain = runs.filter((run) => run.idempotencyKey === undefined && run.debounceKey === undefined);
    const stored = new Map((await storage.insertRuns(plain)).map((run) => [run.id, run]));
    if (stored.size > 0) {
      dispatcher.notify();
      for (const run of stored.values()) this.#watch(run);
      changes.publish([...stored.keys()]);
    }
    const missing = plain.filter((run) => !stored.has(run.id)).map((run) => run.id);
    const environment = plain[0]?.environment;
    if (environment !== undefined && missing.length > 0) {
      for (const run of await storage.findRuns(environment, missing)) stored.set(run.id, run);
    }
    const results: TriggerResult[] = [];
    for (const [index, run] of runs.entries()) {
      const row = stored.get(run.id);
      const debounce = wanted[index]?.request.options?.debounce;
      results.push(
        row === undefined ? await this.#insertOnce(run, debounce) : { ok: true, run: row, isCached: false },
      );
    }
    return results;
  }

  async #insertOnce(prepared: NewRun, debounce: DebounceOptions | undefined): Promise<TriggerResult> {
    const { storage } = this.#with;
    const { environment, task, idempotencyKey, requestKey } = prepared;
    const keys = [
      ...(idempotencyKey === undefined ? [] : [JSON.stringify([environment, task, "key", idempotencyKey])]),
      ...(requestKey === undefined ? [] : [JSON.stringify([environment, task, "request", requestKey])]),
      ...(debounce === undefined ? [] : [JSON.stringify([environment, task, "debounce", debounce.key])]),
    ];
    return await this.#lock.run(keys, async () => {
      if (requestKey !== undefined) {
        const sent = await storage.findRunByRequestKey(environment, task, requestKey);
        if (sent !== undefined) return { ok: true, run: sent, isCached: false };
      }
      if (idempotencyKey !== undefined) {
        const earlier = await storage.findRunByIdempotencyKey(environment, task, idempotencyKey);
        if (earlier !== undefined) return { ok: true, run: earlier, isCached: true };
      }
      const joined = debounce && (await joinDebounced(prepared, debounce, this.#with));
      return joined ? { ok: true, run: joined, isCached: false } : await this.#insert(prepared, debounce);
    });
  }

  async #insert(prepared: NewRun, debounce: DebounceOptions | undefined): Promise<TriggerResult> {
    const { storage } = this.#with;
    const [run] = await storage.insertRuns([prepared]);
    if (run !== undefined) {
      this.#announce(run);
      return { ok: true, run, isCached: false };
    }
    // Only a fixed id (a batch's item) or another replica with the same key can have been there first.
    const { environment, task, idempotencyKey, requestKey } = prepared;
    const byId = await storage.findRun(environment, prepared.id);
    if (byId !== undefined) return { ok: true, run: byId, isCached: false };
    const sent = requestKey && (await storage.findRunByRequestKey(environment, task, requestKey));
    if (sent) return { ok: true, run: sent, isCached: false };
    const earlier =
      idempotencyKey && (await storage.findRunByIdempotencyKey(environment, task, idempotencyKey));
    if (earlier) return { ok: true, run: earlier, isCached: true };
    const joined = debounce && (await joinDebounced(prepared, debounce, this.#with));
    if (joined) return { ok: true, run: joined, isCached: false };
    throw new Error(`Run ${prepared.id} was neither inserted nor found`);
  }

  #announce(run: RunSummary): void {
    if (run.status === "QUEUED") this.#with.dispatcher.notify();
    this.#watch(run);
    this.#with.changes.publish([run.id]);
  }

  /** Has the run looked at when its delay or its ttl is over. */
  #watch(run: RunSummary): void {
    const due = run.delayUntil ?? this.#with.clock.now();
    if (run.status === "DELAYED") this.#with.onDueAt(due);
    if (run.ttlSeconds !== undefined) this.#with.onDueAt(new Date(due.getTime() + run.ttlSeconds * 1000));
  }

  async #isUploaded({ environment, payload }: TriggerRequest): Promise<boolean> {
    return (
      typeof payload === "string" &&
      isPacketId(payload) &&
      (await this.#with.storage.hasPacket(environment, payload))
    );
  }

  async #findParent(
    environment: string,
    id: string | undefined,
    known: ParentCache,
  ): Promise<RunRow | undefined> {
    if (id === undefined) return undefined;
    if (!known.has(id)) known.set(id, await this.#with.storage.findRun(environment, id));
    return known.get(id);
  }

  async #prepare(
    request: TriggerRequest,
    item: BatchItem | undefined,
    parents: ParentCache,
  ): Promise<NewRun | TriggerRefusal> {
    const { dispatcher, clock, maximumSizeBytes } = this.#with;
    const options: TriggerOptions = request.options ?? {};
    const now = clock.now();

    const metadata = initialMetadata(options.metadata, options.metadataType, maximumSizeBytes);
    if (!metadata.ok) return metadata;
    const tags = newTags([], options.tags);
    if (!tags.ok) return refuse("unprocessable", tags.message);

    const { debounce, delay = debounce?.delay } = options;
    const fault = debounce && debounceFault(debounce);
    if (fault !== undefined) return refuse("unprocessable", fault);
    const delayUntil = delay === undefined ? undefined : parseDelay(delay, now);
    if (delay !== undefined && delayUntil === undefined) {
      return refuse("unprocessable", `Invalid delay ${String(delay)}`);
    }
    const delayed = delayUntil !== undefined && delayUntil > now;
    const defaults = await dispatcher.taskDefaults?.(request.environment, request.task);
    const ttl = options.ttl ?? defaults?.ttl;
    const ttlSeconds = typeof ttl === "string" ? parseDurationSeconds(ttl) : ttl;
    if (ttl !== undefined && !isCount(ttlSeconds)) {
      return refuse("unprocessable", `Invalid ttl ${ttl}`);
    }
    const wrong = wrongNumber(options);
    if (wrong !== undefined) return refuse("unprocessable", `Invalid ${wrong}`);
    const keepKeySeconds =
      parseDurationSeconds(options.idempotencyKeyTTL ?? "") ?? DEFAULT_IDEMPOTENCY_SECONDS;

    const stored = options.payloadType === STORED_PAYLOAD;
    if (stored && !(await this.#isUploaded(request)))
      return refuse("unprocessable", `Payload ${String(request.payload).slice(0, 100)} is not uploaded`);

    const parentId = options.parentRunId ?? item?.parentId;
    const parent = await this.#findParent(request.environment, parentId, parents);
    const waits = options.resumeParentOnCompletion ?? item?.waits ?? false;

    return {
      id: item?.runId ?? freshRunId(request),
      environment: request.environment,
      task: request.task,
      engine: dispatcher.name,
      status: delayed ? "DELAYED" : "QUEUED",
      payload: stored ? toPacket(undefined, undefined) : toPacket(request.payload, options.payloadType),
      payloadPacketId: stored ? String(request.payload) : undefined,
      metadata: metadata.text,
      tags: tags.tags,
      // Also one that is not registered yet (a run that began while the server was away): without it the child would
      // take its writes to the parent for its own.
      parentId: parent?.id ?? (parentId !== undefined && isRunId(parentId) ? parentId : undefined),
      rootId: parent === undefined ? undefined : (parent.rootId ?? parent.id),
      depth: parent === undefined ? 0 : parent.depth + 1,
      batchId: item?.batchId,
      ...idempotency(options),
      idempotencyKeyExpiresAt:
        options.idempotencyKey === undefined ? undefined : new Date(now.getTime() + keepKeySeconds * 1000),
      requestKey: request.requestKey,
      delayUntil: delayed ? delayUntil : undefined,
      // 0 stands for no ttl, as in the official API.
      ttlSeconds: ttlSeconds === 0 ? undefined : ttlSeconds,
      ttlText: typeof ttl === "string" && ttlSeconds !== 0 ? ttl : undefined,
      maxAttempts: options.maxAttempts,
      maxDurationSeconds: options.maxDuration,
      queue: options.queue?.name ?? defaults?.queue,
      concurrencyKey: options.concurrencyKey === undefined ? undefined : String(options.concurrencyKey),
      priority: options.priority,
      isTest: options.test,
      machine: options.machine,
      lockedVersion: options.lockToVersion,
      region: options.region,
      debounceKey: delayed && debounce ? indexableKey(debounce.key) : undefined,
      triggerFunction: triggerFunction(item !== undefined, waits),
    };
  }
}

function freshRunId({ oneTimeToken }: TriggerRequest): string {
  return oneTimeToken === undefined ? newId("run") : tokenRunId(oneTimeToken);
}

function triggerFunction(inBatch: boolean, waits: boolean): string {
  if (inBatch) return waits ? "batchTriggerAndWait" : "batchTrigger";
  return waits ? "triggerAndWait" : "trigger";
}

/** Names an option whose number the database could not keep. */
function wrongNumber(options: TriggerOptions): string | undefined {
  const { maxAttempts, maxDuration, priority } = options;
  if (maxAttempts !== undefined && !isCount(maxAttempts)) return `maxAttempts ${maxAttempts}`;
  if (maxDuration !== undefined && !(maxDuration >= 0 && maxDuration <= MAX_INTEGER))
    return `maxDuration ${maxDuration}`;
  if (priority !== undefined && !(Math.abs(priority) <= MAX_INTEGER)) return `priority ${priority}`;
  return undefined;
}

function idempotency(options: TriggerOptions): Pick<NewRun, "idempotencyKey" | "idempotencyKeyOptions"> {
  const { idempotencyKey: key, idempotencyKeyOptions } = options;
  if (key === undefined) return { idempotencyKeyOptions };
  const stored = indexableKey(key);
  // The user reads what the user wrote.
  return {
    idempotencyKey: stored,
    idempotencyKeyOptions: stored === key ? idempotencyKeyOptions : { key, ...idempotencyKeyOptions },
  };
}

function isCount(value: number | undefined): boolean {
  return value !== undefined && Number.isInteger(value) && value >= 0 && value <= MAX_INTEGER;
}

function refuse(reason: TriggerRefusal["reason"], message: string): TriggerRefusal {
  return { ok: false, reason, message };
}
