import type { NewRun } from "../../src/storage/storage.ts";

let count = 0;

/** A queued run of environment `env`, with an id of its own. */
export function newRun(changes: Partial<NewRun> = {}): NewRun {
  return {
    id: `run_${process.pid}_${++count}`,
    environment: "env",
    task: "import",
    engine: "inline",
    status: "QUEUED",
    payload: { data: '{"a":1}', dataType: "application/json" },
    metadata: "{}",
    tags: [],
    depth: 0,
    triggerFunction: "trigger",
    ...changes,
  };
}
