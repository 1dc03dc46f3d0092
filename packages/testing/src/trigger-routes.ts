import { IDEMPOTENCY_KEY_HEADER, isJsonObject, type JsonObject, jsonBytes } from "@runmeta/runtime/protocol";
import { batchItem, createBatchBody, triggerTaskBody } from "@runmeta/runtime/protocol/schemas";
import { type EndpointRun, hasEnded, type StoredPacket } from "./endpoint-run.ts";
import type { EndpointRuns, NewRun } from "./endpoint-runs.ts";
import { json, parseBody, type Route, type RoutedRequest, refusal } from "./route.ts";

/** One run as a trigger call or a batch asks for it. */
export type Wanted = Pick<ReturnType<typeof batchItem.parse>, "task" | "payload" | "options"> & {
  readonly batchId?: string;
};

interface Batch {
  readonly id: string;
  readonly runCount: number;
  /** By the index of the item. */
  readonly runs: Map<number, EndpointRun>;
}

/** Triggers, single and in batches. Delays are not waited for: a triggered run starts at once. */
export function triggerRoutes(runs: EndpointRuns, limitBytes: number): readonly Route[] {
  const known = new Map<string, EndpointRun>();
  const batches = new Map<string, Batch>();
  const batchesByKey = new Map<string, Batch>();

  const make = (
    wanted: Wanted,
    routed: RoutedRequest,
  ): Response | { run: EndpointRun; isCached: boolean } => {
    const { task, options } = wanted;
    if (routed.engine?.knows(task) === false) return refusal(404, "Task not found");
    const key = options?.idempotencyKey;
    const before = key === undefined ? undefined : known.get(`${task} ${key}`);
    // A run that failed frees its key.
    if (before !== undefined && !(hasEnded(before) && before.status !== "COMPLETED")) {
      return { run: before, isCached: true };
    }
    const metadata = documentOf(options?.metadata);
    if (metadata === undefined) return refusal(400, "Invalid metadata");
    if (jsonBytes(metadata) > limitBytes) {
      return refusal(413, `Metadata exceeds maximum size of ${limitBytes} bytes`);
    }
    const run = runs.create({ ...newRunOf(wanted, routed), metadata });
    if (key !== undefined) known.set(`${task} ${key}`, run);
    return { run, isCached: false };
  };

  return [
    {
      method: "POST",
      path: /^\/api\/v1\/tasks\/([^/]+)\/trigger$/,
      handle(routed) {
        const body = triggerTaskBody.safeParse(parseBody(routed.text));
        if (!body.success) return refusal(400, "Validation error");
        const task = routed.parameters[0] ?? "";
        const requestKey = routed.request.headers.get(IDEMPOTENCY_KEY_HEADER);
        const repeated = requestKey === null ? undefined : known.get(`request ${task} ${requestKey}`);
        if (repeated !== undefined) return json(200, { id: repeated.id, isCached: false });
        const made = make({ task, payload: body.data.payload, options: body.data.options }, routed);
        if (made instanceof Response) return made;
        if (requestKey !== null) known.set(`request ${task} ${requestKey}`, made.run);
        if (!made.isCached) routed.engine?.execute(made.run);
        return json(200, { id: made.run.id, isCached: made.isCached });
      },
    },
    {
      method: "POST",
      path: /^\/api\/v3\/batches$/,
      handle(routed) {
        const body = createBatchBody.safeParse(parseBody(routed.text));
        if (!body.success) return refusal(400, "Validation error");
        const { runCount, idempotencyKey } = body.data;
        const before = idempotencyKey === undefined ? undefined : batchesByKey.get(idempotencyKey);
        const batch = before ?? { id: `batch_${batches.size + 1}`, runCount, runs: new Map() };
        batches.set(batch.id, batch);
        if (idempotencyKey !== undefined) batchesByKey.set(idempotencyKey, batch);
        const isCached = before !== undefined;
        return json(isCached ? 200 : 202, { id: batch.id, runCount: batch.runCount, isCached });
      },
    },
    {
      method: "POST",
      path: /^\/api\/v3\/batches\/([^/]+)\/items$/,
      handle(routed) {
        const id = routed.parameters[0] ?? "";
        const batch = batches.get(id);
        if (batch === undefined) return refusal(422, `Batch ${id} not found`);
        let accepted = 0;
        let deduplicated = 0;
        for (const line of routed.text.split("\n").filter((text) => text !== "")) {
          const item = batchItem.safeParse(parseBody(line));
          if (!item.success) return refusal(422, "Invalid item");
          const { index, ...wanted } = item.data;
          if (index >= batch.runCount) {
            return refusal(422, `Item index ${index} exceeds batch runCount ${batch.runCount}`);
          }
          if (batch.runs.has(index)) {
            deduplicated += 1;
            continue;
          }
          const made = make({ ...wanted, batchId: batch.id }, routed);
          if (made instanceof Response) return made;
          batch.runs.set(index, made.run);
          if (!made.isCached) routed.engine?.execute(made.run);
          accepted += 1;
        }
        const sealed = batch.runs.size === batch.runCount;
        return json(200, { id: batch.id, itemsAccepted: accepted, itemsDeduplicated: deduplicated, sealed });
      },
    },
    {
      method: "GET",
      path: /^\/api\/v2\/batches\/([^/]+)$/,
      handle(routed) {
        const batch = batches.get(routed.parameters[0] ?? "");
        if (batch === undefined) return refusal(404, "Not found");
        const inOrder = [...batch.runs].sort(([left], [right]) => left - right).map(([, run]) => run);
        return json(200, {
          id: batch.id,
          status: inOrder.length === batch.runCount && inOrder.every(hasEnded) ? "COMPLETED" : "PROCESSING",
          runCount: batch.runCount,
          runs: inOrder.map(({ id }) => id),
          processing: { errors: [] },
        });
      },
    },
  ];
}

function documentOf(metadata: unknown): JsonObject | undefined {
  if (metadata === undefined || metadata === null) return {};
  return isJsonObject(metadata) ? metadata : undefined;
}

/** What a call asks for, as a new run without a document. */
export function newRunOf(wanted: Wanted, { clock }: RoutedRequest): NewRun {
  const { task, options, batchId } = wanted;
  return {
    task,
    payload: packetOf(wanted),
    tags: typeof options?.tags === "string" ? [options.tags] : options?.tags,
    parentId: options?.parentRunId,
    batchId,
    maxAttempts: options?.maxAttempts,
    isTest: options?.test,
    createdAt: clock.wallTime(),
  };
}

/** A payload as it was sent; one that is no text is JSON. */
function packetOf({ payload, options }: Wanted): StoredPacket {
  return {
    data: payload === undefined || typeof payload === "string" ? payload : JSON.stringify(payload),
    dataType: options?.payloadType ?? "application/json",
  };
}
