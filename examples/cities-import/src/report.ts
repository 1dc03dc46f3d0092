import { inspect } from "node:util";
import { runs } from "@runmeta/runtime";

const COLUMNS = 6;

/** Prints every run's status and the parent's metadata, as the API gives them now. */
export async function report(runId: string): Promise<{ readonly status: string; readonly rows: unknown }> {
  const children: string[] = [];
  for await (const run of runs.list({ taskIdentifier: "import-country", limit: 100 })) {
    const { done } = (run.metadata?.progress ?? {}) as { done?: number };
    children.push(`${String(run.metadata?.country ?? run.id)} ${run.status} ${done ?? 0}`);
  }
  children.sort();
  console.log(`\n${children.length} child runs:`);
  for (let start = 0; start < children.length; start += COLUMNS) {
    console.log(
      `  ${children
        .slice(start, start + COLUMNS)
        .map((text) => text.padEnd(20))
        .join("")}`.trimEnd(),
    );
  }
  const parent = await runs.retrieve(runId);
  console.log(`\n${parent.id} (${parent.taskIdentifier}): ${parent.status}`);
  console.log(inspect(parent.metadata, { breakLength: 110, maxArrayLength: 300 }));
  return { status: parent.status, rows: parent.metadata?.rows };
}
