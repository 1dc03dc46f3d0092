import type { NewRun } from "../../src/storage/storage.ts";

/** A run as `insertRuns` takes it, with nothing special about it. */
export function newRun(id: string, fields: Partial<NewRun> = {}): NewRun {
  return {
    id,
    environment: "dev",
    task: "task",
    engine: "none",
    status: "QUEUED",
    payload: { data: undefined, dataType: "application/json" },
    metadata: "{}",
    tags: [],
    depth: 0,
    triggerFunction: "trigger",
    ...fields,
  };
}
