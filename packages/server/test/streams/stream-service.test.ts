import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/service/clock.ts";
import { RunChanges } from "../../src/service/run-changes.ts";
import { StreamFullError } from "../../src/service/streams/stream-errors.ts";
import { StreamService } from "../../src/service/streams/stream-service.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { testStorage } from "../server/test-storage.ts";
import { newRun } from "../storage/new-run.ts";

const storage = testStorage();
beforeAll(() => storage.open());
afterAll(() => storage.close());

function serviceOn(over: Partial<Storage> = {}, limits = { maxChunks: 5, maxBytes: 100 }) {
  const failing = { ...storage, ...over };
  return new StreamService({
    storage: failing,
    changes: new RunChanges(systemClock),
    clock: systemClock,
    limits,
  });
}

let count = 0;
async function newStream(streams: StreamService) {
  const runId = `run_stream${count++}`;
  await storage.insertRuns([newRun({ id: runId })]);
  const stream = { runId, key: "words" };
  await streams.create(stream, []);
  return stream;
}

async function stored({ runId, key }: { runId: string; key: string }) {
  return (await storage.readStream(runId, key, -1))?.chunks.map(({ text }) => text);
}

test("a stream holds so many chunks and so many bytes; what is beyond is refused and what was stored stays", async () => {
  const streams = serviceOn();
  const many = await newStream(streams);
  const first = await streams.ingest(many, "a", 0);
  for (let index = 0; index < 5; index++) await first.take(`${index}`);
  await first.finish();
  const second = await streams.ingest(many, "b", 0);
  await second.take("5");
  await expect(second.settle()).rejects.toThrow(StreamFullError);
  await expect(second.take("6")).rejects.toThrow(
    "Stream words is full: it holds at most 5 chunks and 100 bytes.",
  );
  expect(await stored(many)).toEqual(["0", "1", "2", "3", "4"]);

  const large = await newStream(streams);
  const third = await streams.ingest(large, "a", 0);
  await third.take(`"${"x".repeat(98)}"`);
  await third.settle();
  await third.take("1");
  await expect(third.settle()).rejects.toThrow(StreamFullError);
  expect(await stored(large)).toHaveLength(1);
});

test("a statement whose reply was lost, and was sent again, has stored its chunks once", async () => {
  let lost = 0;
  const streams = serviceOn({
    appendChunks: async (chunks) => {
      await storage.appendChunks(chunks);
      lost++;
      return storage.appendChunks(chunks);
    },
  });
  const stream = await newStream(streams);
  const ingest = await streams.ingest(stream, "a", 0);
  await ingest.take("1");
  await ingest.take("2");
  await ingest.finish();
  expect([lost > 0, await stored(stream)]).toEqual([true, ["1", "2"]]);
});

test("a storage that fails is told to the writer, who goes on from what was stored", async () => {
  let fail = false;
  const streams = serviceOn({
    appendChunks: (chunks) => (fail ? Promise.reject(new Error("no disk")) : storage.appendChunks(chunks)),
  });
  const stream = await newStream(streams);
  const broken = await streams.ingest(stream, "a", 0);
  await broken.take("0");
  await broken.settle();
  fail = true;
  await broken.take("1");
  await expect(broken.settle()).rejects.toThrow("no disk");
  fail = false;
  const from = (await streams.lastChunkIndex(stream, "a")) + 1;
  const again = await streams.ingest(stream, "a", from);
  for (const chunk of ["1", "2"]) await again.take(chunk);
  await again.finish();
  expect([from, await stored(stream)]).toEqual([1, ["0", "1", "2"]]);
});

test("a run has a hundred streams", async () => {
  const streams = serviceOn();
  const { runId } = await newStream(streams);
  for (let index = 1; index < 100; index++) await storage.createStream(runId, `${index}`, 100);
  const { realtimeStreams = [] } = (await storage.findRun("env", runId)) ?? {};
  expect(realtimeStreams).toHaveLength(100);
  // Also for whoever looked before there were so many.
  for (const seen of [realtimeStreams, []])
    await expect(streams.create({ runId, key: "one more" }, seen)).rejects.toThrow("at most 100 streams");
  for (const seen of [realtimeStreams, []]) await streams.create({ runId, key: "words" }, seen);
});
