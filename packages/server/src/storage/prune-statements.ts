import { LIVE_STATUSES } from "@runmeta/runtime/protocol";
import type { PruneCounts, PrunedPart, PruneKind, PruneStep, PruneStorage } from "./prune-storage.ts";
import type { SqlClient } from "./sql-client.ts";

/** Deletion over any client that speaks PostgreSQL's dialect. */
export function pruneStatements(client: () => SqlClient): PruneStorage {
  return { pruneSome: async (step) => pruneSome(client(), step) };
}

/** What one statement looks at. An embedded database stands still meanwhile: about 0.1 s. */
const LOOK = 200;
/** Rows that belong to what one statement deletes, large values counted by their pieces of 2,000 bytes. */
const MAX_ROWS = 5_000;

// As a list of constants, so that the planner sees that the partial index on live runs has them all.
const LIVE = `(${LIVE_STATUSES.map((status) => `'${status}'`).join(", ")})`;

// A family is known by its root. A run that was registered before its parent knows its parent only.
const PRUNABLE = `r.finished_at < $1::timestamptz AND r.status NOT IN ${LIVE}
    AND NOT EXISTS (SELECT FROM runs kin WHERE kin.status IN ${LIVE}
      AND coalesce(kin.root_id, kin.parent_id) = ANY(ARRAY[r.id, coalesce(r.root_id, r.parent_id)]))
    AND NOT EXISTS (SELECT FROM runs kin WHERE kin.status IN ${LIVE} AND kin.id = ANY(ARRAY[r.parent_id, r.root_id]))
    AND NOT EXISTS (SELECT FROM sessions s WHERE s.current_run_id = r.id
      AND (least(s.closed_at, s.expires_at) < $1::timestamptz) IS NOT TRUE)`;

interface Kind {
  /** At most `LOOK` rows behind a position, as `id`, `moment` and `weight`, with what else the rest needs. */
  readonly look: string;
  /** What joins `looked l`, and says which of it can go. */
  condition(dryRun: boolean): string;
  /** Rows that nobody may hold while they are deleted. */
  readonly locks: string;
  /** Statements that delete what `doomed` has. */
  readonly deletes: readonly string[];
  readonly counts: Readonly<Partial<Record<keyof PruneCounts, string>>>;
  /** For what has more than one statement may delete: it loses a portion and stays for the next. */
  readonly portion?: Portion;
}

interface Portion {
  /** Of which it is, as a condition on what was looked at. */
  readonly of: string;
  /** Parts of the statement that delete some of what `large` has. */
  readonly parts: readonly string[];
  /** How much that was. */
  readonly counts: Kind["counts"];
}

const BEHIND = "> ($2::timestamptz, $3::text)";

/** A history is kept short and a payload has its limit: what can be so large are streams. */
const CHUNKS: Portion = {
  of: `weight > ${MAX_ROWS} AND chunks > 0`,
  parts: [
    // From their ends: what is left is the beginning of each, and its places stay what they are.
    `emptied AS (
  DELETE FROM stream_chunks c USING (
    SELECT * FROM (
      SELECT next.*, row_number() OVER places AS place, sum(weight) OVER places AS total FROM (
        SELECT c.run_id, c.key, c.position, 1 + octet_length(c.chunk) / 2000 AS weight
        FROM large JOIN stream_chunks c ON c.run_id = large.id
        ORDER BY c.run_id DESC, c.key DESC, c.position DESC LIMIT ${MAX_ROWS}
      ) next WINDOW places AS (ORDER BY next.key DESC, next.position DESC)
    ) weighed WHERE place = 1 OR total <= ${MAX_ROWS}
  ) portion
  WHERE c.run_id = portion.run_id AND c.key = portion.key AND c.position = portion.position
  RETURNING c.run_id, c.key, octet_length(c.chunk) AS bytes
)`,
    `shortened AS (
  UPDATE run_streams s SET chunks = s.chunks - gone.chunks, bytes = s.bytes - gone.bytes
  FROM (SELECT run_id, key, count(*) AS chunks, sum(bytes) AS bytes FROM emptied GROUP BY run_id, key) gone
  WHERE s.run_id = gone.run_id AND s.key = gone.key RETURNING gone.chunks
)`,
  ],
  counts: { chunks: "(SELECT coalesce(sum(chunks), 0) FROM shortened)" },
};

const KINDS: Readonly<Record<PruneKind, Kind>> = {
  sessions: {
    look: `SELECT id, least(closed_at, expires_at) AS moment, 1 AS weight FROM sessions
    WHERE least(closed_at, expires_at) < $1::timestamptz AND (least(closed_at, expires_at), id) ${BEHIND}
    ORDER BY least(closed_at, expires_at), id LIMIT ${LOOK}`,
    condition: () => `JOIN sessions s ON s.id = l.id WHERE least(s.closed_at, s.expires_at) < $1::timestamptz
    AND NOT EXISTS (SELECT FROM runs r WHERE r.id = s.current_run_id AND r.status IN ${LIVE})`,
    locks: "s",
    deletes: ["DELETE FROM sessions s USING doomed WHERE s.id = doomed.id"],
    counts: { sessions: "count(*)" },
  },
  runs: {
    look: `SELECT r.id, r.finished_at AS moment, r.version, d.version AS document_version, d.base_version,
      d.change_count, s.streams, s.chunks,
      d.change_count + s.chunks + (r.bytes + d.change_bytes + s.bytes) / 2000 AS weight
    FROM (
      SELECT id, finished_at, version, octet_length(payload) + coalesce(octet_length(output), 0) AS bytes FROM runs
      WHERE finished_at < $1::timestamptz AND (finished_at, id) ${BEHIND} ORDER BY finished_at, id LIMIT ${LOOK}
    ) r JOIN run_documents d ON d.id = r.id, LATERAL (
      SELECT count(*) AS streams, coalesce(sum(chunks), 0) AS chunks, coalesce(sum(bytes), 0) AS bytes
      FROM run_streams WHERE run_id = r.id
    ) s`,
    // What a late write of the document adds is not seen by the deletes of this statement; its version tells, once the
    // row is locked. Leaves and streams are deleted by their references, which see everything.
    condition: () => `JOIN runs r ON r.id = l.id JOIN run_documents d ON d.id = l.id
  WHERE r.version = l.version AND d.version = l.document_version AND d.base_version = l.base_version
    AND ${PRUNABLE}`,
    locks: "r, d",
    deletes: [
      "DELETE FROM document_changes c USING doomed WHERE c.id = doomed.id",
      "DELETE FROM document_bases b USING doomed WHERE b.id = doomed.id",
      "DELETE FROM run_documents d USING doomed WHERE d.id = doomed.id",
      "DELETE FROM runs r USING doomed WHERE r.id = doomed.id",
    ],
    counts: {
      runs: "count(*)",
      changes: "sum(change_count)",
      streams: "sum(streams)",
      chunks: "sum(chunks)",
    },
    portion: CHUNKS,
  },
  batches: {
    look: `SELECT id, created_at AS moment, run_count AS weight FROM batches
    WHERE created_at < $1::timestamptz AND (created_at, id) ${BEHIND} ORDER BY created_at, id LIMIT ${LOOK}`,
    // Items of a batch can name runs of others, by their idempotency keys. Whoever makes a batch has a day to fill it.
    condition: (dryRun) => {
      const stays = dryRun ? `AND NOT (${PRUNABLE})` : "";
      return `JOIN batches b ON b.id = l.id
  WHERE b.updated_at < CASE WHEN b.sealed THEN $1::timestamptz ELSE least($1::timestamptz, now() - interval '1 day') END
    AND NOT EXISTS (SELECT FROM runs r WHERE r.batch_id = b.id ${stays})
    AND NOT EXISTS (SELECT FROM batch_items i JOIN runs r ON r.id = i.run_id WHERE i.batch_id = b.id ${stays})`;
    },
    locks: "b",
    deletes: ["DELETE FROM batches b USING doomed WHERE b.id = doomed.id"],
    counts: { batches: "count(*)" },
  },
  packets: {
    look: `SELECT id, expires_at AS moment, 1 + coalesce(octet_length(packet), 0) / 2000 AS weight FROM packets
    WHERE $1::timestamptz IS NOT NULL AND expires_at < now() - interval '1 hour' AND (expires_at, id) ${BEHIND}
    ORDER BY expires_at, id LIMIT ${LOOK}`,
    condition: () => "JOIN packets p ON p.id = l.id",
    locks: "p",
    deletes: ["DELETE FROM packets p USING doomed WHERE p.id = doomed.id"],
    counts: { packets: "count(*)" },
  },
};

interface PruneRecord {
  readonly counts: Partial<PruneCounts>;
  readonly ids: string[] | null;
  /** What was looked at has more to lose. */
  readonly again: boolean;
  readonly moment: string | null;
  readonly last: string | null;
  readonly more: boolean | null;
}

function statement(kind: Kind, dryRun: boolean): string {
  const { look, condition, locks } = kind;
  const lock = dryRun ? "" : `FOR UPDATE OF ${locks} SKIP LOCKED`;
  const portion = dryRun ? undefined : kind.portion;
  const isLarge = portion?.of ?? "false";
  const deletes = dryRun ? [] : kind.deletes.map((text, index) => `deleted_${index} AS (${text})`);
  const parts = [...deletes, ...(portion?.parts ?? [])].map((part) => `, ${part}`).join("");
  const sums = Object.entries(kind.counts).map(([name, sum]) => {
    const portionSum = portion?.counts[name as keyof PruneCounts];
    return `'${name}', coalesce(${sum}, 0)${portionSum === undefined ? "" : ` + ${portionSum}`}`;
  });
  return `WITH looked AS MATERIALIZED (
  SELECT * FROM (
    SELECT look.*, row_number() OVER places AS place, sum(look.weight) OVER places AS total, count(*) OVER () AS looks
    FROM (${look}) look WINDOW places AS (ORDER BY look.moment, look.id)
  ) weighed WHERE place = 1 OR total <= ${MAX_ROWS}
), locked AS MATERIALIZED (
  SELECT l.* FROM looked l ${condition(dryRun)}
  ORDER BY l.id ${lock}
), doomed AS (SELECT * FROM locked WHERE NOT (${isLarge})), large AS (SELECT * FROM locked WHERE ${isLarge})${parts}
SELECT (SELECT json_build_object(${sums.join(", ")}) FROM doomed) AS counts, (SELECT array_agg(id) FROM doomed) AS ids,
  EXISTS (SELECT FROM large) AS again,
  last.moment::text AS moment, last.id AS last, last.looks = ${LOOK} OR last.place < last.looks AS more
FROM (SELECT) one LEFT JOIN (SELECT * FROM looked ORDER BY place DESC LIMIT 1) last ON true`;
}

/** One look, one statement. Repeatable: what it deleted is not there a second time. */
async function pruneSome(client: SqlClient, step: PruneStep): Promise<PrunedPart> {
  const [moment, id] = step.after ?? ["-infinity", ""];
  const result = await client.query<PruneRecord>(
    statement(KINDS[step.kind], step.dryRun),
    [step.before, moment, id],
    { repeatable: true },
  );
  const [row] = result.rows;
  if (row === undefined) return { counts: {}, runIds: [], next: undefined };
  const { counts, ids, last } = row;
  const next =
    row.more === true && row.moment !== null && last !== null ? ([row.moment, last] as const) : undefined;
  return {
    counts,
    runIds: step.kind === "runs" && !step.dryRun ? (ids ?? []) : [],
    next: row.again ? [moment, id] : next,
  };
}
