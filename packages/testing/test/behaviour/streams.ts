import { metadata, streams as streamsOf, task } from "@runmeta/runtime";
import { mockRun, runTask } from "../../src/index.ts";
import type { Behaviour } from "./behaviour.ts";

async function* count(to: number) {
  for (let n = 1; n <= to; n++) yield n;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}

const child = task({
  id: "streaming-child",
  run: async (to: number) => {
    await metadata.parent.stream("numbers", count(to));
    await metadata.stream("own", count(1));
  },
});

const parent = task({ id: "streaming-parent", run: async () => child.triggerAndWait(2).unwrap() });

export const streams: readonly Behaviour[] = [
  {
    name: "a stream: the job gets its items, and all are stored when the run has ended",
    async observe({ backend }) {
      const run = await mockRun({ backend }, async () => collect(await metadata.stream("numbers", count(3))));
      return { result: run.result, streams: run.streams, warnings: run.warnings };
    },
    expected: { result: [1, 2, 3], streams: { numbers: [1, 2, 3] }, warnings: [] },
  },
  {
    name: "a stream: nobody in the job reads it, and it is stored all the same",
    async observe({ backend }) {
      const source = new ReadableStream({
        start(controller) {
          for (const chunk of [{ a: 1 }, "two", null, undefined]) controller.enqueue(chunk);
          controller.close();
        },
      });
      const run = await mockRun({ backend }, async () => void (await metadata.stream("parts", source)));
      return run.streams;
    },
    expected: { parts: [{ a: 1 }, "two", null, null] },
  },
  {
    name: "a stream: a source that throws throws in the job, and what it gave is stored",
    async observe({ backend }) {
      const source = async function* () {
        yield 1;
        throw new Error("the source is broken");
      };
      const run = await mockRun({ backend }, async () =>
        collect(await metadata.stream("numbers", source())).catch(String),
      );
      return { result: run.result, streams: run.streams };
    },
    expected: { result: "Error: the source is broken", streams: { numbers: [1] } },
  },
  {
    name: "a stream: a child writes to its parent's",
    async observe({ backend }) {
      const run = await runTask(parent, undefined, { backend });
      return { status: run.status, streams: run.streams, own: run.children[0]?.streams };
    },
    expected: { status: "COMPLETED", streams: { numbers: [1, 2] }, own: { own: [1] } },
  },
  {
    name: "a stream: pipe, writer, append and a defined one",
    async observe({ backend }) {
      const defined = streamsOf.define<{ step: number }>({ id: "steps" });
      const run = await mockRun({ backend }, async () => {
        await streamsOf.pipe("a", count(2)).waitUntilComplete();
        const written = streamsOf.writer<string>("a", { execute: ({ write }) => write("end") });
        await written.waitUntilComplete();
        await streamsOf.append("text", "some text");
        await defined.append({ step: 1 });
        await defined.append({ step: 2 });
      });
      return run.streams;
    },
    expected: { a: [1, 2, "end"], text: ["some text"], steps: [{ step: 1 }, { step: 2 }] },
  },
];
