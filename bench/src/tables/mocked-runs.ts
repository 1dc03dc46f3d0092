import { metadata, task } from "@runmeta/runtime";
import { mockRun, runTask } from "@runmeta/testing";
import { cpuNs } from "../measure.ts";
import { figure, type Line, type Table } from "../table.ts";

const RUNS_A_ROUND = 200;

/** Rounds that only warm up: the compiler is not done with code of this size before. */
const WARM_UP_ROUNDS = 4;

const rows = ["a", "b", "c"];

async function importRows(): Promise<number> {
  // Outside of a run these writes do nothing.
  for (const row of rows) metadata.increment("imported").set("last", row);
  return rows.length;
}

const importTask = task({ id: "bench-import-rows", run: importRows });

async function round(body: () => Promise<unknown>): Promise<number> {
  const start = cpuNs();
  for (let index = 0; index < RUNS_A_ROUND; index += 1) await body();
  return (cpuNs() - start) / RUNS_A_ROUND / 1e6;
}

/** CPU time of a mocked run with the endpoint in memory, all of it: the runtime, the endpoint, and what describes the run. */
export async function mockedRuns(rounds: number): Promise<Table> {
  const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["`runTask`, six writes", () => runTask(importTask, undefined)],
    ["`mockRun`, six writes", () => mockRun({}, importRows)],
  ];
  const lines: Line[] = [];
  for (const [name, body] of cases) {
    for (let warming = 0; warming < WARM_UP_ROUNDS; warming += 1) await round(body);
    const ours: number[] = [];
    const call: number[] = [];
    for (let index = 0; index < rounds; index += 1) {
      ours.push(await round(body));
      call.push(await round(importRows));
    }
    // The ratio is to the millisecond that it may cost: above 1 is within.
    lines.push({ name, peer: figure(call), ours: figure(ours), ratio: 1 / figure(ours).median, goal: 1 });
  }
  return {
    title: "A mocked run of @runmeta/testing (ratio: to the 1 ms it may cost)",
    peer: "the function itself",
    unit: "ms",
    ratioAs: "times",
    lines,
  };
}
