import { exceedsDepth, MAX_TRIGGER_BODY_BYTES } from "@runmeta/runtime/protocol";
import { addBatchItemsReply, batchItem } from "@runmeta/runtime/protocol/schemas";
import { oneTimeTokenOf } from "../auth/principal.ts";
import { permission } from "../auth/scopes.ts";
import { forbidden, HttpError } from "../http/http-error.ts";
import { ndjsonLines } from "../http/ndjson-lines.ts";
import { parseJson } from "../http/parse-json.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route, type RouteRequest } from "../http/route.ts";
import { validationMessage } from "../http/validation-message.ts";
import { type BatchItemRequest, isBatchId } from "../service/batch-service.ts";
import { tokenBatchId } from "../service/new-id.ts";
import type { Services } from "../service/services.ts";
import { isTaskId } from "./task-id-parameter.ts";

/** Items stored in one statement, and the bytes of them that are held for it. */
const GROUP_ITEMS = 100;
const GROUP_BYTES = 4 * 1024 * 1024;

/**
 * `POST /api/v3/batches/{batchId}/items`: phase two, one item a line. The stream is worked on as it comes; items before
 * a wrong one stay, and sending everything again adds only what is missing.
 */
export function addBatchItemsRoute({ batches }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v3/batches/:batchId/items",
    access: {
      kind: "public-token",
      scopes: ["write:batch:{batchId}", "batchTrigger:batch", "batchTrigger:tasks:{taskId}"],
    },
    body: { kind: "ndjson", schema: batchItem },
    contract: {
      operationId: "addBatchItems",
      tag: "Batches",
      summary: "Add the items of a batch",
      description:
        "Phase two: one item a line, worked on as they come. Items before a wrong one stay, and sending everything again adds only what is missing.",
      replies: {
        200: {
          description: "What was added; `sealed` when the batch is complete",
          schema: addBatchItemsReply,
        },
        400: "`Invalid JSON`",
        422: "`Batch X not found`, or an item that cannot be triggered; the text names its index",
      },
    },
    async handle(request) {
      requireNdjson(request);
      const id = request.param("batchId");
      const { environment } = request.principal;
      const oneTimeToken = oneTimeTokenOf(request.principal);
      // One batch, not one after another.
      if (oneTimeToken !== undefined && id !== tokenBatchId(oneTimeToken)) throw forbidden();
      const find = async () => {
        const found = isBatchId(id) ? await batches.find(environment, id) : undefined;
        if (found === undefined) throw new HttpError(422, `Batch ${id.slice(0, 80)} not found`);
        const status = batches.statusOf(found);
        if (status === "ABORTED" || status === "PARTIAL_FAILED")
          throw new HttpError(422, `Batch ${id} is not in PENDING status (current: ${status})`);
        return found;
      };
      const anyItem = request.can([permission("write", "batch", id), permission("batchTrigger", "batch")]);
      // Who may trigger only certain tasks is told about a batch after the first item that is allowed.
      let batch = anyItem ? await find() : undefined;
      let accepted = 0;
      let deduplicated = 0;
      for await (const items of groups(request)) {
        if (!anyItem) authorizeItems(request, items);
        batch ??= await find();
        const result = await batches.addItems(batch, items);
        if (!result.ok) throw new HttpError(422, result.message);
        batch = result.batch;
        accepted += result.accepted;
        deduplicated += result.deduplicated;
      }
      // Not one item, so not one that was allowed.
      if (batch === undefined) throw forbidden();
      const { sealed, runCount } = batch;
      return jsonReply(200, {
        id,
        itemsAccepted: accepted,
        itemsDeduplicated: deduplicated,
        sealed,
        ...(sealed ? { runCount } : { enqueuedCount: batch.items.size, expectedCount: runCount }),
      });
    },
  });
}

function authorizeItems(request: Pick<RouteRequest, "authorize">, items: readonly BatchItemRequest[]): void {
  for (const task of new Set(items.map((item) => item.task))) {
    request.authorize([permission("batchTrigger", "tasks", task)]);
  }
}

async function* groups(
  request: RouteRequest<typeof batchItem>,
): AsyncGenerator<BatchItemRequest[], void, undefined> {
  let items: BatchItemRequest[] = [];
  let bytes = 0;
  let line = 0;
  for await (const text of ndjsonLines(request.raw, MAX_TRIGGER_BODY_BYTES)) {
    items.push(parseItem(request.schema, text, line++));
    bytes += text.byteLength;
    if (items.length < GROUP_ITEMS && bytes < GROUP_BYTES) continue;
    yield items;
    items = [];
    bytes = 0;
  }
  if (items.length > 0) yield items;
}

function parseItem(schema: typeof batchItem, text: Uint8Array, line: number): BatchItemRequest {
  const parsed = parseJson(text, exceedsDepth);
  if (!parsed.ok) throw new HttpError(400, "Invalid JSON");
  const checked = schema.safeParse(parsed.value);
  if (!checked.success) {
    throw new HttpError(422, `Invalid item at index ${line}: ${validationMessage(checked.error)}`);
  }
  const { index, task } = checked.data;
  if (!isTaskId(task)) throw new HttpError(422, `Invalid item at index ${index}: Task not found`);
  return checked.data;
}

function requireNdjson(request: RouteRequest): void {
  const type = (request.header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/x-ndjson" && type !== "application/ndjson") {
    throw new HttpError(415, "Content-Type must be application/x-ndjson or application/ndjson");
  }
  const encoding = request.header("content-encoding");
  if (encoding !== undefined && encoding !== "identity") {
    throw new HttpError(415, "Content-Encoding is not supported for batch items");
  }
}
