import { memoryTarget, metadata, withRun } from "@runmeta/runtime";
import type { JsonObject } from "@runmeta/runtime/protocol";
import type { StandardMetadataManager } from "@trigger.dev/core/v3/workers";
import { manyKeys, oneString } from "../documents.ts";
import { measure } from "../measure.ts";
import { peerManager } from "../peer-manager.ts";
import { costLine, type Line, type Table } from "../table.ts";

interface Write {
  readonly name: string;
  readonly ours: (index: number) => void;
  readonly peer: (manager: StandardMetadataManager, index: number) => void;
  /** Least ratio by the document's size in bytes. */
  readonly goals?: Readonly<Record<number, number>>;
}

const setNumber: Write = {
  name: "set(key, number)",
  ours: (index) => void metadata.set("step", index),
  peer: (manager, index) => void manager.set("step", index),
  goals: { 100: 50, 4000: 1_000, 64000: 15_000, 256000: 80_000 },
};

const writes: readonly Write[] = [
  setNumber,
  {
    name: "set(key, { three keys })",
    ours: (index) => void metadata.set("state", { step: index, name: "resize", ok: true }),
    peer: (manager, index) => void manager.set("state", { step: index, name: "resize", ok: true }),
    goals: { 100: 5, 4000: 100, 64000: 1_800, 256000: 8_000 },
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
    goals: { 100: 120, 4000: 500 },
  },
  {
    name: "set, then current()",
    ours: (index) => void metadata.set("step", index).current(),
    peer: (manager, index) => void structuredClone(manager.set("step", index).current()),
    goals: { 100: 5, 4000: 5, 64000: 2, 256000: 5 },
  },
];

const manyKeysBytes = [100, 4_000, 64_000, 256_000];
const oneStringGoals: Readonly<Record<number, number>> = { 4000: 40, 64000: 300, 256000: 5_000 };

async function compare(
  rounds: number,
  document: JsonObject,
  shape: string,
  write: Write,
  goal: number | undefined,
): Promise<Line> {
  const manager = peerManager(document);
  return await withRun({ metadata: document, target: memoryTarget(document), maximumSize: 1_000_000 }, () =>
    measure({
      name: `${write.name}, ${shape}`,
      rounds,
      ours: write.ours,
      peer: (index) => write.peer(manager, index),
      goal,
    }),
  );
}

/** One write, ours and the official manager's in turn, by size and shape of the document. */
export async function writePath(rounds: number): Promise<Table> {
  const lines: Line[] = [];
  for (const write of writes) {
    for (const bytes of manyKeysBytes) {
      const shape = `${bytes / 1_000} KB in many keys`;
      lines.push(await compare(rounds, manyKeys(bytes), shape, write, write.goals?.[bytes]));
    }
  }
  for (const [bytes, goal] of Object.entries(oneStringGoals)) {
    const shape = `${Number(bytes) / 1_000} KB in one string`;
    lines.push(await compare(rounds, oneString(Number(bytes)), shape, setNumber, goal));
  }
  return {
    title: "One write inside a run",
    peer: "@trigger.dev/core 4.8.3",
    unit: "ns",
    ratioAs: "times",
    lines,
    notes: [
      "`current()` of ours is a copy that the caller may change; theirs is the document itself, so it is cloned here.",
    ],
  };
}

/** The largest document beside the smallest, each write of ours with itself. */
export async function flatness(rounds: number): Promise<Table> {
  const small = manyKeysBytes[0] ?? 0;
  const large = manyKeysBytes.at(-1) ?? 0;
  const lines: Line[] = [];
  for (const write of writes.filter(({ name }) => !name.includes("current"))) {
    const times: Record<"small" | "large", number[]> = { small: [], large: [] };
    // Two runs cannot be written to in turn within one loop of writes, so the rounds alternate.
    for (let round = 0; round < rounds; round += 1) {
      for (const size of ["small", "large"] as const) {
        const document = manyKeys(size === "small" ? small : large);
        const line = await compare(1, document, size, { ...write, peer: () => undefined }, undefined);
        times[size].push(line.ours.median);
      }
    }
    lines.push(costLine(write.name, times.small, times.large, 1 / 1.5));
  }
  return {
    title: "A write to 256 KB (runmeta) beside one to 0.1 KB (peer: runmeta itself)",
    peer: "0.1 KB",
    unit: "ns",
    ratioAs: "share",
    lines,
  };
}
