import { memoryTarget, metadata, withRun } from "@runmeta/runtime";
import { StandardMetadataManager } from "@trigger.dev/core/v3/workers";
import { type Case, measure } from "./measure.ts";

const SIZES_BYTES = [100, 4_000, 64_000, 256_000];

/** A document of about so many bytes, in keys of about 40. */
function documentOf(bytes: number): Record<string, string> {
  const document: Record<string, string> = {};
  for (let written = 2, index = 0; written < bytes; index += 1) {
    document[`key${index}`] = "x".repeat(28);
    written += 28 + `"key${index}":"",`.length;
  }
  return document;
}

interface Write {
  readonly name: string;
  readonly ours: (index: number) => void;
  readonly peer: (manager: StandardMetadataManager, index: number) => void;
}

const writes: readonly Write[] = [
  {
    name: "set(key, number)",
    ours: (index) => void metadata.set("step", index),
    peer: (manager, index) => void manager.set("step", index),
  },
  {
    name: "set(key, { three keys })",
    ours: (index) => void metadata.set("state", { step: index, name: "resize", ok: true }),
    peer: (manager, index) => void manager.set("state", { step: index, name: "resize", ok: true }),
  },
  {
    name: "increment(key)",
    ours: () => void metadata.increment("count"),
    peer: (manager) => void manager.increment("count"),
  },
  {
    name: 'set("$.tree.a.b.c", number)',
    ours: (index) => void metadata.set("$.tree.a.b.c", index),
    peer: (manager, index) => void manager.set("$.tree.a.b.c", index),
  },
];

/** One write, ours and the official manager's in turn, by size of the document. */
export async function writePath(rounds: number): Promise<Case[]> {
  const cases: Case[] = [];
  for (const bytes of SIZES_BYTES) {
    const document = { ...documentOf(bytes), tree: { a: { b: { c: 0 } } } };
    const manager = new StandardMetadataManager({} as never);
    manager.runId = "run_bench";
    await withRun(
      { metadata: document, target: memoryTarget(document), maximumSize: 1_000_000 },
      async () => {
        for (const write of writes) {
          manager.enterWithMetadata(structuredClone(document));
          cases.push(
            await measure({
              name: `${write.name}, ${bytes / 1_000} KB`,
              rounds,
              ours: write.ours,
              peer: (index) => write.peer(manager, index),
            }),
          );
        }
      },
    );
  }
  return cases;
}
