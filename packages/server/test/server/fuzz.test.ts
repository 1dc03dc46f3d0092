import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./test-server.ts";

let api: TestServer;
let runId: string;
let batchId: string;
let recordId: string;
beforeAll(async () => {
  api = await startTestServer();
  runId = await api.trigger();
  batchId = (await api.call("POST", "/api/v3/batches", { runCount: 1000 })).body.id;
  recordId = (await api.call("POST", "/v1/records", { name: "n", type: "t" })).body.id;
});
afterAll(() => api.server.close());

const paths = [
  "/api/v1/tasks/T/trigger",
  "/api/v3/runs/R",
  "/api/v1/runs",
  "/api/v1/runs/R/metadata",
  "/api/v1/runs/R/tags",
  "/api/v2/runs/R/cancel",
  "/api/v3/batches",
  "/api/v3/batches/B/items",
  "/api/v2/batches/B",
  "/engine/v1/runs/R",
  "/engine/v1/runs/R/start",
  "/engine/v1/runs/R/heartbeat",
  "/engine/v1/runs/R/complete",
  "/v1/records",
  "/v1/records/E",
];

const oddText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "$.",
    "$.a[*].b",
    "$.a\\.b",
    "$..x",
    "\u0000",
    "\ud800",
    "'; DROP TABLE runs--",
    "1e400",
    "30d",
    "99999999d",
  ),
);
const oddNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -1, 1e300, 2 ** 31, 2 ** 53, 0.5));
const oddValue = fc.jsonValue({ maxDepth: 4, stringUnit: "binary" });
const any = fc.oneof(oddText, oddNumber, oddValue);
/** Fields that the routes know, with values that they do not expect. */
const fields = fc.dictionary(
  fc.constantFrom(
    "payload",
    "options",
    "metadata",
    "messages",
    "name",
    "type",
    "id",
    "operations",
    "parentOperations",
    "rootOperations",
    "tags",
    "task",
    "index",
    "runCount",
    "attempt",
    "holder",
    "ok",
    "output",
    "outputType",
    "error",
    "retryAfterMs",
    "status",
    "parentId",
    "idempotencyKey",
    "resumeParentOnCompletion",
  ),
  any,
  { maxKeys: 6 },
);
const operation = fc.record({
  type: fc.constantFrom("set", "delete", "append", "remove", "increment", "update", "x"),
  key: oddText,
  value: any,
});
const options = fc.record(
  {
    metadata: oddValue,
    tags: fc.oneof(oddText, fc.array(oddText, { maxLength: 12 })),
    idempotencyKey: oddText,
    idempotencyKeyTTL: oddText,
    idempotencyKeyOptions: any,
    parentRunId: fc.oneof(oddText, fc.constant("R")),
    delay: oddText,
    ttl: fc.oneof(oddText, oddNumber),
    queue: fc.record({ name: oddText }),
    concurrencyKey: fc.oneof(oddText, oddNumber),
    priority: oddNumber,
    maxAttempts: oddNumber,
    maxDuration: oddNumber,
    payloadType: oddText,
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  fields,
  fc.record({ payload: any, options }),
  fc.record({
    operations: fc.array(operation, { maxLength: 4 }),
    parentOperations: fc.array(operation, { maxLength: 2 }),
  }),
  fc.record({ index: fc.oneof(oddNumber, fc.nat(999)), task: oddText, payload: any, options }),
  fc.record({
    ok: fc.boolean(),
    output: any,
    outputType: oddText,
    error: fc.record({ message: oddText, name: oddText, stackTrace: oddText }),
    retryAfterMs: oddNumber,
  }),
  fc.record({
    task: oddText,
    parentId: oddText,
    metadata: oddValue,
    payload: any,
    payloadType: oddText,
    tags: fc.array(oddText, { maxLength: 3 }),
  }),
  any,
);
const query = fc.dictionary(
  fc.constantFrom(
    "page[size]",
    "page[after]",
    "page[before]",
    "filter[status]",
    "filter[tag]",
    "filter[batch]",
    "filter[queue]",
    "filter[taskIdentifier]",
    "filter[isTest]",
    "filter[createdAt][from]",
    "filter[createdAt][period]",
    "timeoutMs",
    "limit",
    "cursor",
    "type",
    "name",
  ),
  fc.oneof(oddText, oddNumber.map(String)),
  { maxKeys: 3 },
);

test("S3 no request makes a 500, and every reply is JSON with our header", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE"),
      fc.constantFrom(...paths),
      fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: oddText }),
      body,
      query,
      async (anyMethod, path, oddId, content, parameters) => {
        // Mostly the right method, or nearly all would be 405.
        const method =
          path.includes("/v3/runs/") || path === "/api/v1/runs"
            ? "GET"
            : path.startsWith("/v1/records")
              ? anyMethod
              : path.endsWith("metadata") || path === "/engine/v1/runs/R"
                ? "PUT"
                : anyMethod === "DELETE"
                  ? anyMethod
                  : "POST";
        const id = (known: string) =>
          oddId === undefined ? known : encodeURIComponent(oddId.replace(/\p{Surrogate}/gu, "?"));
        const target = path
          .replace("R", id(runId))
          .replace("B", id(batchId))
          .replace("T", id("hello"))
          .replace("E", id(recordId));
        const search = new URLSearchParams(parameters).toString();
        const answer = await api.call(
          method,
          `${target}?${search}`,
          method === "GET" || method === "DELETE" ? undefined : JSON.stringify(content),
          {
            ...(path.endsWith("items") ? { "content-type": "application/x-ndjson" } : {}),
            ...(oddId === undefined ? {} : { "if-match": oddId.replace(/[^\x20-\x7e]/g, "?") }),
          },
        );
        if (answer.status >= 500)
          throw new Error(`${answer.status} ${answer.text} ${String(api.errors.at(-1))}`);
        expect(answer.headers.get("x-runmeta-dedupe")).toBe("1");
        expect(answer.body).toBeTypeOf("object");
      },
    ),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 400) },
  );
  expect(api.errors).toEqual([]);
});
