// Run by official-client.test.ts in a process of its own: the test runner's resolve conditions break OpenTelemetry,
// which the official client imports.
import { createRequire } from "node:module";

const [url, key] = process.argv.slice(2);
// A dev dependency of the runtime package, where its rules are compared with ours.
const runtime = createRequire(new URL("../../../runtime/package.json", import.meta.url));
const { ApiClient } = runtime("@trigger.dev/core/v3");
const client = new ApiClient(url, key);

const handle = await client.triggerTask("hello", {
  payload: '{"json":{"at":"2026-01-01T00:00:00.000Z"},"meta":{"values":{"at":["Date"]}}}',
  options: { payloadType: "application/super+json", metadata: { n: 1 }, tags: ["a"], idempotencyKey: "k" },
});
const run = await client.retrieveRun(handle.id);
const operations = [{ type: "increment", key: "n", value: 4 }];
const updated = await client.updateRunMetadata(handle.id, {
  operations,
  parentOperations: [],
  rootOperations: [],
});
const read = await client.getRunMetadata(handle.id);
const tagged = await client.addTags(handle.id, { tags: ["b"] });
const cancelled = await client.cancelRun(handle.id);
const after = await client.retrieveRun(handle.id);

const batch = await client.createBatch({ runCount: 3 });
const items = [0, 1, 2].map((index) => ({
  index,
  task: "hello",
  payload: "p",
  options: { payloadType: "text/plain" },
}));
const sent = await client.streamBatchItems(batch.id, items);
const retrieved = await client.retrieveBatch(batch.id);
const page = await client.listRuns({ batch: batch.id, limit: 2 });
const next = await page.getNextPage();

const started = performance.now();
const missing = await client.retrieveRun("run_none").catch((error) => error);

process.stdout.write(
  JSON.stringify({
    tokenParts: handle.publicAccessToken.split(".").length,
    run,
    createdAtIsDate: run.createdAt instanceof Date,
    updated,
    read,
    tagged,
    cancelled: cancelled.id === handle.id,
    after,
    sent,
    retrieved,
    listed: [...page.data, ...next.data].map((one) => one.id),
    hasNext: [page.hasNextPage(), next.hasNextPage()],
    missing: { status: missing.status, ms: performance.now() - started },
  }),
);
