import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { withHousekeeping } from "../../src/storage/housekeeping.ts";
import type { SqlClient } from "../../src/storage/sql-client.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A client that only records what it is given. */
function recordingClient(): { client: SqlClient; kept: () => string[]; closed: () => boolean } {
  const statements: string[] = [];
  let closed = false;
  return {
    client: {
      async query(text) {
        statements.push(text);
        return { rows: [], affectedRows: 0 };
      },
      async close() {
        closed = true;
      },
    },
    kept: () => statements.splice(0).filter((text) => /VACUUM|CHECKPOINT/.test(text)),
    closed: () => closed,
  };
}

test("vacuums and checkpoints once so many bytes are written, before the next write", async () => {
  const { client, kept, closed } = recordingClient();
  const tidy = withHousekeeping(client, { afterBytes: 10_000 });
  await tidy.query("UPDATE runs", ["x".repeat(9_000)]);
  await tidy.query("UPDATE runs", ["x".repeat(1_000)]);
  expect(kept()).toEqual([]);
  await Promise.all([tidy.query("UPDATE runs", []), tidy.query("UPDATE runs", [])]);
  expect(kept()).toEqual([
    "VACUUM (ANALYZE) runs",
    "VACUUM (ANALYZE) run_documents",
    "VACUUM document_changes",
    "VACUUM document_bases",
    "VACUUM changed_documents",
    "VACUUM (ANALYZE) document_leaves",
    "VACUUM batches",
    "VACUUM sessions",
    "VACUUM (ANALYZE) records",
    "VACUUM packets",
    "VACUUM api_keys",
    "VACUUM run_streams",
    "VACUUM stream_writers",
    "VACUUM (ANALYZE) stream_chunks",
    "VACUUM task_defaults",
    "VACUUM queue_limits",
    "CHECKPOINT",
  ]);
  await tidy.close();
  expect(closed()).toBe(true);
});

test("does so after a while for any amount, and not when nothing was written", async () => {
  const { client, kept } = recordingClient();
  const quiet = withHousekeeping(client, { afterMs: 1_000 });
  await quiet.query("\nSELECT 1", ["x".repeat(1_000)]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(kept()).toEqual([]);
  await quiet.query("UPDATE runs", []);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(kept().at(-1)).toBe("CHECKPOINT");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(kept()).toEqual([]);
  await quiet.close();
});
