import { ApiClient, realtimeStreams } from "@trigger.dev/core/v3";
import { StandardRealtimeStreamsManager } from "@trigger.dev/core/v3/workers";
import { auth, metadata, runs, streams } from "@trigger.dev/sdk";
import { beforeAll, expect, test } from "vitest";
import { type Api, onEveryDatabase } from "./api.ts";
import { DEV_KEY } from "./keys.ts";
import { enterRun, leaveRun } from "./task-context.ts";

// Once a process, as in an official worker.
const client = new ApiClient("http://127.0.0.1:0", DEV_KEY);
const manager = new StandardRealtimeStreamsManager(client, "http://127.0.0.1:0");
realtimeStreams.setGlobalManager(manager);

async function start(api: Api, id: string): Promise<void> {
  await api.plain("POST", `/engine/v1/runs/${id}/start`, { body: { attempt: 1 } });
}

async function complete(api: Api, id: string): Promise<void> {
  await api.plain("POST", `/engine/v1/runs/${id}/complete`, { body: { attempt: 1, ok: true, output: 1 } });
}

async function* words(...list: string[]) {
  yield* list;
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const part of source) seen.push(part);
  return seen;
}

onEveryDatabase((api) => {
  beforeAll(() => {
    Object.assign(client, { baseUrl: api.url });
    Object.assign(manager, { baseUrl: api.url });
  });

  test("metadata.stream inside a task gives the source back, stores it, and the run names it", async () => {
    const id = await api.run();
    await start(api, id);
    enterRun(api.url, id, { isRoot: true });
    try {
      const own = await metadata.stream("words", words("a", "b", "c"));
      expect(await collect(own)).toEqual(["a", "b", "c"]);
      const stored: unknown[] = [];
      for await (const word of await metadata.fetchStream("words")) {
        stored.push(word);
        // A worker of theirs waits for its streams before it reports the end; here what is stored says so.
        if (stored.length === 3) await complete(api, id);
      }
      expect(stored).toEqual(["a", "b", "c"]);
    } finally {
      leaveRun();
    }
    const [run] = await collect(runs.subscribeToRun(id));
    expect(run?.realtimeStreams).toEqual(["words"]);
  });

  test("streams.pipe, writer, append and a defined stream are read in order, from any place, after the run ended", async () => {
    const id = await api.run();
    await start(api, id);
    const defined = streams.define<{ step: number }>({ id: "steps" });
    const piped = streams.pipe("words", words("a", "b"), { target: id });
    await piped.waitUntilComplete();
    const written = streams.writer("words", {
      target: id,
      execute: ({ write }) => {
        write("c");
        write("d");
      },
    });
    await written.waitUntilComplete();
    await defined.append({ step: 1 }, { target: id });
    await defined.append({ step: 2 }, { target: id });
    await streams.append("texts", "one text", { target: id });
    await complete(api, id);

    expect(await collect(await streams.read(id, "words"))).toEqual(["a", "b", "c", "d"]);
    expect(await collect(await streams.read(id, "words", { startIndex: 3 }))).toEqual(["d"]);
    expect(await collect(await defined.read(id))).toEqual([{ step: 1 }, { step: 2 }]);
    expect(await collect(await runs.fetchStream(id, "texts"))).toEqual(["one text"]);
    await expect(api.client().createStream(id, "self", "late")).rejects.toThrow(
      "Cannot initialize a realtime stream on a completed run",
    );
  });

  test("a live reader sees chunks as they are written, and is not cut when one writer has ended", async () => {
    const id = await api.run();
    await start(api, id);
    const seen: string[] = [];
    const steps = [
      () => streams.pipe("words", words("b"), { target: id }).waitUntilComplete(),
      () => streams.append("words", "c", { target: id }),
      () => complete(api, id),
    ];
    await streams.pipe("words", words("a"), { target: id }).waitUntilComplete();
    for await (const word of await streams.read<string>(id, "words")) {
      seen.push(word);
      await steps.shift()?.();
    }
    expect(seen).toEqual(["a", "b", "c"]);
  });

  test("withStreams tells of the run and of its streams, with a public token", async () => {
    const id = await api.run();
    await start(api, id);
    await streams.pipe("words", words("a", "b"), { target: id }).waitUntilComplete();
    const token = await auth.createPublicToken({ scopes: { read: { runs: [id] } } });
    await auth.withAuth({ accessToken: token, baseURL: api.url }, async () => {
      const seen: string[] = [];
      for await (const part of runs.subscribeToRun(id).withStreams<{ words: string }>()) {
        if (part.type === "words") seen.push(part.chunk);
        if (part.type === "run") expect(part.run.realtimeStreams).toEqual(["words"]);
        if (seen.length === 2) break;
      }
      expect(seen).toEqual(["a", "b"]);
    });
  });
});
