import type { Migration } from "./migration.ts";

/** Finds runs whose jobs were looked after longest ago, however many wait. */
export const lostJobsMigration: Migration = {
  number: 14,
  name: "lost jobs",
  sql: `
CREATE INDEX runs_handed_over ON runs (engine, dispatched_at, id)
  WHERE status = 'QUEUED' AND dispatched_at IS NOT NULL AND NOT parked;
`,
};
