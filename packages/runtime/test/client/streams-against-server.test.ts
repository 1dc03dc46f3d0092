import { afterAll, beforeAll, expect, test } from "vitest";
import { createServer, inlineEngine, pgliteStorage, type RunmetaServer } from "../../../server/src/index.ts";
import { configure, metadata, runs, streams, task, tasks } from "../../src/index.ts";

let server: RunmetaServer;
beforeAll(async () => {
  server = await createServer({ storage: pgliteStorage({}), engine: inlineEngine() });
  await server.listen({ port: 0 });
  configure({ baseURL: server.url, accessToken: server.secretKey });
});
afterAll(async () => {
  configure({});
  await server.close();
});

let release: () => void = () => undefined;
const released = new Promise<void>((resolve) => {
  release = resolve;
});

const speak = task({
  id: "speak",
  run: async (payload: { words: string[]; waits?: boolean }) => {
    const source = async function* () {
      for (const word of payload.words) {
        yield word;
        // The rest comes when the first word was read elsewhere.
        if (payload.waits === true) await released;
      }
    };
    let text = "";
    for await (const word of await metadata.stream("words", source())) text += word;
    return text;
  },
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}

test("a stream is read while the task writes it, ends with the run, and can be read again", async () => {
  const { id } = await speak.trigger({ words: ["a", "b", "c"], waits: true });
  const seen: string[] = [];
  for await (const word of await streams.read<string>(id, "words")) {
    seen.push(word);
    release();
  }
  expect(seen).toEqual(["a", "b", "c"]);
  expect(await collect(await runs.fetchStream(id, "words"))).toEqual(["a", "b", "c"]);
  expect(await collect(await streams.read(id, "words", { startIndex: 2 }))).toEqual(["c"]);
  expect((await runs.retrieve(id)).realtimeStreams).toEqual(["words"]);
});

test("withStreams gives the run and its chunks, and ends", async () => {
  const { id } = await speak.trigger({ words: ["x", "y"] });
  const parts = await collect(runs.subscribeToRun(id).withStreams<{ words: string }>());
  expect(parts.flatMap((part) => (part.type === "words" ? [part.chunk] : []))).toEqual(["x", "y"]);
  expect(parts.filter((part) => part.type === "run").at(-1)?.run).toMatchObject({ status: "COMPLETED" });
});

test("triggerAndSubscribe waits for the result; a signal ends the wait and cancels the run", async () => {
  const said = await tasks.triggerAndSubscribe<typeof speak>("speak", { words: ["o", "k"] }).unwrap();
  expect(said).toBe("ok");
  const stop = new AbortController();
  let id = "";
  const stuck = task({
    id: "stuck",
    run: async (_: string, { ctx, signal }) => {
      id = ctx.run.id;
      stop.abort(new Error("enough"));
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  });
  await expect(stuck.triggerAndSubscribe("x", { signal: stop.signal })).rejects.toThrow("enough");
  expect((await runs.poll(id, { pollIntervalMs: 100 })).status).toBe("CANCELED");
});
