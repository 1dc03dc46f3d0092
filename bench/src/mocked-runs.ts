import { metadata, task } from "@runmeta/runtime";
import { mockRun, runTask } from "@runmeta/testing";
import { cpuNs, median } from "./measure.ts";

/** What one mocked run costs more than calling its code. */
export interface MockedRunCost {
  readonly name: string;
  /** Median of the rounds, CPU time in milliseconds. */
  readonly overheadMs: number;
}

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

const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
  ["the function itself", importRows],
  ["`mockRun`, six writes", () => mockRun({}, importRows)],
  ["`runTask`, six writes", () => runTask(importTask, undefined)],
];

async function round(body: () => Promise<unknown>): Promise<number> {
  const start = cpuNs();
  for (let index = 0; index < RUNS_A_ROUND; index += 1) await body();
  return (cpuNs() - start) / RUNS_A_ROUND / 1e6;
}

/** CPU time of a mocked run with the endpoint in memory, all of it: the runtime, the endpoint, and what describes the run. */
export async function mockedRuns(rounds: number): Promise<MockedRunCost[]> {
  const costs: MockedRunCost[] = [];
  let functionMs = 0;
  for (const [name, body] of cases) {
    for (let warming = 0; warming < WARM_UP_ROUNDS; warming += 1) await round(body);
    const times: number[] = [];
    for (let index = 0; index < rounds; index += 1) times.push(await round(body));
    if (costs.length === 0) functionMs = median(times);
    costs.push({ name, overheadMs: median(times) - functionMs });
  }
  return costs.slice(1);
}
