import { memoryTarget, metadata, withRun } from "@runmeta/runtime";
import { manyKeys } from "../documents.ts";
import { cpuNs } from "../measure.ts";
import { peerManager } from "../peer-manager.ts";
import { costLine, type Line, type Table } from "../table.ts";

const ITEMS = 1_000;
/** Lists in a round: one takes a quarter of a millisecond here, too short to be measured beside the peer's garbage. */
const LISTS = 10;
const goals: readonly (readonly [number, number])[] = [
  [100, 400],
  [4_000, 700],
];

async function meanOf(list: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let index = 0; index < LISTS; index += 1) sum += await list();
  return sum / LISTS;
}

function timed(append: (index: number) => void): number {
  const start = cpuNs();
  for (let index = 0; index < ITEMS; index += 1) append(index);
  return (cpuNs() - start) / ITEMS / 1_000;
}

/** `append` while one list grows from nothing to 1,000 items, a mean of all. */
export async function append(rounds: number): Promise<Table> {
  const lines: Line[] = [];
  for (const [bytes, goal] of goals) {
    const document = manyKeys(bytes);
    const ours = () =>
      withRun({ metadata: document, target: memoryTarget(document), maximumSize: 1_000_000 }, () =>
        timed((index) => void metadata.append("log", `item ${index}`)),
      );
    const theirs = async () => {
      const manager = peerManager(document);
      return timed((index) => void manager.append("log", `item ${index}`));
    };
    const times: Record<"ours" | "peer", number[]> = { ours: [], peer: [] };
    // What was compiled already is what a job sees after its first seconds.
    for (let warming = 0; warming < 20; warming += 1) await ours();
    for (let round = 0; round < rounds; round += 1) {
      times.ours.push(await meanOf(ours));
      times.peer.push(await meanOf(theirs));
    }
    lines.push(costLine(`append, ${bytes / 1_000} KB beside the list`, times.peer, times.ours, goal));
  }
  return {
    title: "A list that grows to 1,000",
    peer: "@trigger.dev/core 4.8.3",
    unit: "µs",
    ratioAs: "times",
    lines,
  };
}
