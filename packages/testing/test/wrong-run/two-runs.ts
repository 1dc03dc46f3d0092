import type { JsonObject } from "@runmeta/runtime";
import { mockRun } from "@runmeta/testing";

/** Run A is opened and stays open while run B does its part; gives what each of them has stored at the end. */
export async function twoRuns(
  inA: () => unknown,
  inB: () => unknown,
): Promise<{ readonly a: JsonObject; readonly b: JsonObject }> {
  const prepared = signal();
  const finished = signal();
  const runA = mockRun({ id: "run_a" }, async () => {
    await inA();
    prepared.give();
    await finished.given;
  });
  await Promise.race([prepared.given, runA]);
  const runB = await mockRun({ id: "run_b" }, inB).finally(finished.give);
  return { a: (await runA).metadata, b: runB.metadata };
}

function signal() {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}
