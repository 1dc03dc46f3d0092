import { AsyncLocalStorage } from "node:async_hooks";
import { memoryTarget, metadata, withRun } from "@runmeta/runtime";
import type { StandardMetadataManager } from "@trigger.dev/core/v3/workers";
import { cpuNs } from "../measure.ts";
import { peerManager } from "../peer-manager.ts";
import { costLine, figure, type Table } from "../table.ts";

const RUNS = 10_000;
const SETS = 100;

interface Outcome {
  /** Microseconds of CPU time a run, opening and closing included. */
  readonly cpuUs: number;
  readonly wrongReads: number;
}

interface Kind {
  open(body: () => Promise<void>): Promise<unknown>;
  set(key: string, value: number): void;
  get(key: string): unknown;
}

const ours: Kind = {
  open: (body) => withRun({ target: memoryTarget({}) }, body),
  set: (key, value) => void metadata.set(key, value),
  get: (key) => metadata.get(key),
};

const managers = new AsyncLocalStorage<StandardMetadataManager>();
const theirs: Kind = {
  open: (body) => managers.run(peerManager({}), body),
  set: (key, value) => void managers.getStore()?.set(key, value),
  get: (key) => managers.getStore()?.getKey(key),
};

const bare = new AsyncLocalStorage<{ step: number }>();
const context: Kind = {
  open: (body) => bare.run({ step: 0 }, body),
  set: () => undefined,
  get: () => undefined,
};

/** All runs at once in one process; each gives way after ten sets, and reads its own value. */
async function compete(kind: Kind): Promise<Outcome> {
  const start = cpuNs();
  let wrongReads = 0;
  await Promise.all(
    Array.from({ length: RUNS }, (_, run) =>
      kind.open(async () => {
        for (let index = 0; index < SETS; index += 1) {
          kind.set("step", run * SETS + index);
          if (index % 10 === 9) {
            await null;
            if (kind.get("step") !== run * SETS + index) wrongReads += 1;
          }
        }
      }),
    ),
  );
  return { cpuUs: (cpuNs() - start) / RUNS / 1_000, wrongReads };
}

/** Bytes on the heap for each run that is open and has written a key. */
async function bytesOpen(kind: Kind): Promise<number> {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error("run with --expose-gc");
  let go: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  collect();
  const before = process.memoryUsage().heapUsed;
  const runs = Array.from({ length: RUNS }, () =>
    kind.open(async () => {
      kind.set("step", 1);
      await gate;
    }),
  );
  // Opening takes some turns, and what was only needed for it is not what a run costs.
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  collect();
  const bytes = (process.memoryUsage().heapUsed - before) / RUNS;
  go?.();
  await Promise.all(runs);
  return bytes;
}

/** Ten thousand runs at once in one process. */
export async function manyRuns(rounds: number): Promise<Table> {
  const cpu: Record<"ours" | "peer", number[]> = { ours: [], peer: [] };
  let wrongReads = 0;
  for (let round = 0; round < rounds; round += 1) {
    const one = await compete(ours);
    cpu.ours.push(one.cpuUs);
    wrongReads += one.wrongReads;
    cpu.peer.push((await compete(theirs)).cpuUs);
  }
  const contextBytes = await bytesOpen(context);
  const oursBytes = (await bytesOpen(ours)) - contextBytes;
  return {
    title: "10,000 runs x 100 sets at once in one process",
    peer: "one manager of @trigger.dev/core 4.8.3 a run",
    unit: "µs",
    ratioAs: "times",
    lines: [
      costLine("CPU time a run", cpu.peer, cpu.ours, 8),
      {
        name: "bytes an open run over the bare context (may be 1,024)",
        peer: figure([1_024]),
        ours: figure([oursBytes]),
        ratio: 1_024 / oursBytes,
        goal: 1,
      },
    ],
    notes: [`${wrongReads} wrong reads in ${rounds} rounds.`],
  };
}
