import type { Table } from "./table.ts";

/** A table, and how it has to be run. */
export interface TableEntry {
  /** Loaded by the process that measures it, and by no other. */
  readonly load: () => Promise<(rounds: number) => Promise<Table>>;
  /** On one core of its own, so that the numbers do not depend on where the system puts it. */
  readonly pinned: boolean;
  /**
   * Measures the sources, as far as they are not exported; without it the packages as they are published, which is what
   * users pay for: on their way through tsx sources get names for all closures, which makes them slow.
   */
  readonly fromSource: boolean;
}

const pinned = { pinned: true, fromSource: false };
const built = { pinned: false, fromSource: false };
const spread = { pinned: false, fromSource: true };

/** All tables, in the order in which they are printed. */
export const tables: Readonly<Record<string, TableEntry>> = {
  write: { ...pinned, load: async () => (await import("./tables/write-path.ts")).writePath },
  flat: { ...pinned, load: async () => (await import("./tables/write-path.ts")).flatness },
  append: { ...pinned, load: async () => (await import("./tables/append.ts")).append },
  progress: { ...pinned, load: async () => (await import("./tables/job-progress.ts")).jobProgress },
  bytes: { ...pinned, load: async () => (await import("./tables/bytes-sent.ts")).bytesSent },
  runs: { ...pinned, load: async () => (await import("./tables/many-runs.ts")).manyRuns },
  import: { ...pinned, load: async () => (await import("./tables/import-cost.ts")).importCost },
  mocked: { ...pinned, load: async () => (await import("./tables/mocked-runs.ts")).mockedRuns },
  grouped: { ...spread, load: async () => (await import("./tables/grouped-puts.ts")).groupedPuts },
  http: { ...built, load: async () => (await import("./tables/http-puts.ts")).httpPuts },
  realtime: { ...built, load: async () => (await import("./tables/realtime.ts")).realtime },
};
