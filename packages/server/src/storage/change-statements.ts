import type { RunGroup, RunMembership } from "./change-storage.ts";
import { RUN_COLUMNS, type RunRecord, toRunRow } from "./run-row.ts";
import { parsePosition, positionOf } from "./snapshot-position.ts";
import type { SqlClient } from "./sql-client.ts";
import type { GroupRead } from "./storage.ts";
import { storedName } from "./stored-text.ts";

const REPEATABLE = { repeatable: true } as const;

/** Runs in one look. A page that follows more has other problems; what is left out at first still comes when it changes. */
const MAX_RUNS = 1_000;
/** Bytes of payloads, outputs and documents in one look; at least one run is given whatever its size. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Where runs belong, of any environment. */
export async function findMemberships(client: SqlClient, ids: readonly string[]): Promise<RunMembership[]> {
  if (ids.length === 0) return [];
  const result = await client.query<{
    id: string;
    environment: string;
    tags: string[];
    batch_id: string | null;
    created_at: Date;
  }>(
    "SELECT id, environment, tags, batch_id, created_at FROM runs WHERE id = ANY($1::text[])",
    [ids.map(storedName)],
    REPEATABLE,
  );
  return result.rows.map(({ batch_id, created_at, ...row }) => ({
    ...row,
    batchId: batch_id ?? undefined,
    createdAt: created_at,
  }));
}

// A position is the snapshot that a look was made with. What was written by a transaction that the snapshot did not
// show is new, whatever the order in which transactions began and ended: nothing is missed and nothing comes twice.
// A writer beyond the newest transaction is one of another cluster: the rows were restored from a dump.
const READ_GROUP = `
WITH at AS (SELECT pg_current_snapshot() AS snapshot), found AS (
  SELECT ${RUN_COLUMNS}, row_number() OVER newest AS place,
    sum(octet_length(r.payload) + coalesce(octet_length(r.output), 0) + octet_length(d.metadata)) OVER newest AS bytes
  FROM at, runs r JOIN run_documents d ON d.id = r.id
  WHERE r.environment = $1 AND ($2::text[] IS NULL OR r.tags @> $2::text[]) AND ($3::text IS NULL OR r.batch_id = $3)
    AND ($4::timestamptz IS NULL OR r.created_at >= $4::timestamptz)
    AND ($5::pg_snapshot IS NULL
      OR (NOT pg_visible_in_snapshot(r.changed_in, $5::pg_snapshot) AND r.changed_in < pg_snapshot_xmax(at.snapshot))
      OR (NOT pg_visible_in_snapshot(d.changed_in, $5::pg_snapshot) AND d.changed_in < pg_snapshot_xmax(at.snapshot)))
  WINDOW newest AS (ORDER BY r.created_at DESC, r.id DESC)
)
SELECT at.snapshot::text AS snapshot, pg_snapshot_xmax($5::pg_snapshot) > pg_snapshot_xmax(at.snapshot) AS ahead,
  (SELECT count(*) FROM found)::integer AS matches, fitting.*
FROM at LEFT JOIN (SELECT * FROM found WHERE place = 1 OR (place <= ${MAX_RUNS} AND bytes <= ${MAX_BYTES})) fitting ON true
ORDER BY place`;

type GroupRecord = Omit<RunRecord, "id"> & {
  /** Null in the one row of a look that found nothing. */
  readonly id: string | null;
  readonly snapshot: string;
  readonly ahead: boolean | null;
  readonly matches: number;
};

/** One look at a group; undefined when what changed since does not fit, or since when cannot be told. */
export async function readGroup(
  client: SqlClient,
  group: RunGroup,
  since: string | undefined,
): Promise<GroupRead | undefined> {
  const snapshot = since === undefined ? null : parsePosition(since);
  if (snapshot === undefined) return undefined;
  const result = await client.query<GroupRecord>(
    READ_GROUP,
    [
      group.environment,
      group.tags?.map(storedName) ?? null,
      group.batchId === undefined ? null : storedName(group.batchId),
      group.createdFrom ?? null,
      snapshot,
    ],
    REPEATABLE,
  );
  const [first] = result.rows;
  if (first === undefined || first.ahead === true) return undefined;
  const runs = result.rows.flatMap(({ id, ...row }) => (id === null ? [] : [toRunRow({ ...row, id })]));
  if (snapshot !== null && runs.length < first.matches) return undefined;
  return { runs, position: positionOf(first.snapshot) };
}
