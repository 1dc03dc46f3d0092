import { memoryTarget, metadata, withRun } from "@runmeta/runtime";
import { Queue } from "bullmq";
import { cpuNs } from "../measure.ts";
import { costLine, type Line, type Table } from "../table.ts";

interface Costs {
  readonly elapsed: number[];
  readonly cpu: number[];
}

const OURS = 100_000;
const PEERS = 500;

/** Adds the microseconds that each of `count` writes took. */
async function timed(
  costs: Costs,
  count: number,
  write: (index: number) => Promise<void> | undefined,
): Promise<void> {
  const [startedAt, startedCpu] = [performance.now(), cpuNs()];
  for (let index = 0; index < count; index += 1) {
    const stored = write(index);
    if (stored !== undefined) await stored;
  }
  costs.elapsed.push(((performance.now() - startedAt) * 1_000) / count);
  costs.cpu.push((cpuNs() - startedCpu) / 1_000 / count);
}

async function compare(rounds: number, url: string): Promise<Line[]> {
  const queue = new Queue(`bench-${process.pid}`, { connection: { url } });
  const peer: Costs = { elapsed: [], cpu: [] };
  const ours: Costs = { elapsed: [], cpu: [] };
  try {
    const job = await queue.add("resize", {});
    const step = (index: number) => ({ done: index, total: PEERS, stage: "resize" });
    await withRun({ target: memoryTarget() }, async () => {
      // The first round compiles both.
      for (let round = 0; round <= rounds; round += 1) {
        await timed(peer, PEERS, (index) => job.updateProgress(step(index)));
        await timed(ours, OURS, (index) => {
          metadata.set("progress", step(index));
          return undefined;
        });
      }
    });
  } finally {
    await queue.obliterate({ force: true });
    await queue.close();
  }
  return [
    costLine("progress of three keys, elapsed", peer.elapsed.slice(1), ours.elapsed.slice(1)),
    costLine("progress of three keys, CPU time of the worker", peer.cpu.slice(1), ours.cpu.slice(1)),
  ];
}

/** One progress update of a job: BullMQ's `job.updateProgress`, a round trip to Redis, and ours, which is sent later. */
export async function jobProgress(rounds: number): Promise<Table> {
  const url = process.env.TEST_REDIS_URL ?? "";
  return {
    title: "One progress update of a job",
    peer: "bullmq 6.7.0, Redis",
    unit: "µs",
    ratioAs: "times",
    lines: url === "" ? [] : await compare(rounds, url),
    notes: [
      url === ""
        ? "TEST_REDIS_URL is not set: BullMQ was left out."
        : "Theirs is awaited, and stored then. Ours returns at once, and is stored with its flush: after 250 ms of quiet, a second at most.",
    ],
  };
}
