import { QUEUE_KEY, QUEUE_NAME } from "./queue-statements.ts";
import { MARK_CHANGED, RUN_COLUMNS, type RunRecord, SELECT_RUNS, toRunRow } from "./run-row.ts";
import type { SqlClient } from "./sql-client.ts";
import type { EngineName, RunRow, RunTransition } from "./storage.ts";
import { encodePacket, storedName } from "./stored-text.ts";

const REPEATABLE = { repeatable: true } as const;

/** An `UPDATE runs r … RETURNING r.*` whose rows come back with their documents. */
function returningRuns(update: string, order = ""): string {
  return `WITH r AS (${update}) SELECT ${RUN_COLUMNS} FROM r JOIN run_documents d ON d.id = r.id ${order}`;
}

/** Applies a change to a run that is in one of the expected states; undefined when it was not. */
export async function transitionRun(
  client: SqlClient,
  transition: RunTransition,
): Promise<RunRow | undefined> {
  const parameters: unknown[] = [];
  const parameter = (value: unknown): string => `$${parameters.push(value)}`;
  const conditions = [
    `r.id = ${parameter(storedName(transition.id))}`,
    `r.status = ANY(${parameter(transition.from)}::text[])`,
  ];
  if (transition.environment !== undefined)
    conditions.push(`r.environment = ${parameter(transition.environment)}`);
  if (transition.attempt !== undefined)
    conditions.push(`r.attempt = ${parameter(transition.attempt)}::integer`);
  if (transition.heldBy !== undefined)
    conditions.push(`r.holder = ${parameter(storedName(transition.heldBy))}`);
  if (transition.tagged !== undefined)
    conditions.push(`r.tags = ${parameter(transition.tagged.map(storedName))}::text[]`);
  if (transition.ifQueueHasRoom === true) {
    const resumes = parameter(
      transition.change.status === "EXECUTING" && transition.from.includes("WAITING"),
    );
    conditions.push(
      `coalesce(runmeta_queue_room(r.engine, r.environment, ${QUEUE_NAME}, ${QUEUE_KEY}, ${resumes}::boolean), 1) > 0`,
    );
  }
  const assignments = [MARK_CHANGED, ...changedColumns(transition.change, parameter)];
  const update = `UPDATE runs r SET ${assignments.join(", ")} WHERE ${conditions.join(" AND ")} RETURNING r.*`;
  const result = await client.query<RunRecord>(returningRuns(update), parameters);
  return result.rows.map(toRunRow)[0];
}

function changedColumns(change: RunTransition["change"], parameter: (value: unknown) => string): string[] {
  const columns: string[] = [];
  const set = (column: string, value: unknown, type: string): void => {
    if (value !== undefined) columns.push(`${column} = ${parameter(value)}::${type}`);
  };
  set("status", change.status, "text");
  if (change.status !== undefined) columns.push("parked = false");
  if (change.status === "QUEUED") columns.push("dispatched_at = NULL");
  set("attempt", change.attempt, "integer");
  set("interruptions", change.interruptions, "integer");
  set("holder", change.holder && storedName(change.holder), "text");
  set("heartbeat_at", change.heartbeatAt, "timestamptz");
  set("started_at", change.startedAt, "timestamptz");
  set("finished_at", change.finishedAt, "timestamptz");
  set("expired_at", change.expiredAt, "timestamptz");
  if (change.delayUntil !== undefined) {
    const delayUntil = `${parameter(change.delayUntil)}::timestamptz`;
    // The ttl counts from when the run is due.
    columns.push(
      `delay_until = ${delayUntil}`,
      `expires_at = ${delayUntil} + ttl_seconds * interval '1 second'`,
    );
  }
  set("cancel_requested_at", change.cancelRequestedAt, "timestamptz");
  set("output", change.output && encodePacket(change.output), "text");
  set("error", change.error && JSON.stringify(change.error), "text");
  set("tags", change.tags?.map(storedName), "text[]");
  return columns;
}

const CLAIM_RUNS = returningRuns(
  `UPDATE runs r SET status = 'DEQUEUED', holder = $2, heartbeat_at = now(), ${MARK_CHANGED}
   FROM (
     SELECT id FROM runs
     WHERE engine = $1 AND status = 'QUEUED' AND (delay_until IS NULL OR delay_until <= now())
       AND (expires_at IS NULL OR expires_at > now() OR attempt > 0)
       AND ($4::text[] IS NULL OR task = ANY($4::text[]))
       AND coalesce(queue, '') <> ALL($5::text[])
       AND coalesce(queue, '') || E'\n' || coalesce(concurrency_key, '') <> ALL($5::text[])
     ORDER BY claim_order_at, id LIMIT $3::integer FOR UPDATE SKIP LOCKED
   ) due
   WHERE r.id = due.id RETURNING r.*`,
  "ORDER BY r.claim_order_at, r.id",
);

/** Takes due runs for a holder. Two holders never get the same run. */
export async function claimRuns(
  client: SqlClient,
  claim: {
    engine: EngineName;
    holder: string;
    limit: number;
    tasks?: readonly string[];
    fullQueues?: readonly string[];
  },
): Promise<RunRow[]> {
  const parameters = [
    claim.engine,
    storedName(claim.holder),
    claim.limit,
    claim.tasks?.map(storedName) ?? null,
    (claim.fullQueues ?? []).map(storedName),
  ];
  const result = await client.query<RunRecord>(CLAIM_RUNS, parameters);
  return result.rows.map(toRunRow);
}

const QUEUE_DELAYED_RUNS = returningRuns(
  `UPDATE runs r SET status = 'QUEUED', dispatched_at = NULL, ${MARK_CHANGED}
   FROM (SELECT id FROM runs WHERE status = 'DELAYED' AND delay_until <= $1::timestamptz FOR UPDATE SKIP LOCKED) due
   WHERE r.id = due.id RETURNING r.*`,
);

// A run that has started once has met its ttl: only the wait for the first attempt counts.
const EXPIRE_QUEUED_RUNS = returningRuns(
  `UPDATE runs r SET status = 'EXPIRED', expired_at = $1::timestamptz, finished_at = $1::timestamptz,
     ${MARK_CHANGED}
   FROM (SELECT id FROM runs WHERE status = 'QUEUED' AND attempt = 0 AND expires_at <= $1::timestamptz
         FOR UPDATE SKIP LOCKED) due
   WHERE r.id = due.id RETURNING r.*`,
);

const NEXT_DUE_AT = `
SELECT least(
  (SELECT min(delay_until) FROM runs
   WHERE status IN ('DELAYED', 'QUEUED') AND delay_until IS NOT NULL AND delay_until > $1::timestamptz),
  (SELECT min(expires_at) FROM runs WHERE status = 'QUEUED' AND expires_at IS NOT NULL AND attempt = 0)
) AS next_due_at`;

/** Queues delayed runs that are due and expires queued ones that waited too long. */
export async function promoteDueRuns(
  client: SqlClient,
  now: Date,
): Promise<{ changed: RunRow[]; nextDueAt: Date | undefined }> {
  const queued = await client.query<RunRecord>(QUEUE_DELAYED_RUNS, [now]);
  const expired = await client.query<RunRecord>(EXPIRE_QUEUED_RUNS, [now]);
  const next = await client.query<{ next_due_at: Date | null }>(NEXT_DUE_AT, [now], REPEATABLE);
  // A run can be queued and expired in the same pass; its last state is the one to report.
  const changed = new Map([...queued.rows, ...expired.rows].map((record) => [record.id, toRunRow(record)]));
  return { changed: [...changed.values()], nextDueAt: next.rows[0]?.next_due_at ?? undefined };
}

/** Extends the lease on runs; the ids that came back are still the holder's. */
export async function heartbeat(
  client: SqlClient,
  holder: string,
  ids: readonly string[],
  environment?: string,
): Promise<string[]> {
  if (ids.length === 0) return [];
  const result = await client.query<{ id: string }>(
    `UPDATE runs SET heartbeat_at = now()
     WHERE holder = $1 AND id = ANY($2::text[]) AND status IN ('DEQUEUED', 'EXECUTING', 'WAITING')
       AND ($3::text IS NULL OR environment = $3::text) RETURNING id`,
    [storedName(holder), ids.map(storedName), environment ?? null],
    REPEATABLE,
  );
  return result.rows.map((row) => row.id);
}

/** Runs that an engine took and whose holder has not been heard of since. */
export async function findSilentRuns(
  client: SqlClient,
  engine: EngineName,
  silentSince: Date | undefined,
): Promise<RunRow[]> {
  // Written so that the index on heartbeats has the few who are silent, among however many are not.
  const silent =
    silentSince === undefined ? "" : "AND (r.heartbeat_at IS NULL OR r.heartbeat_at < $2::timestamptz)";
  const text = `${SELECT_RUNS} WHERE r.engine = $1 AND r.status IN ('DEQUEUED', 'EXECUTING', 'WAITING') ${silent}
    ORDER BY r.created_at, r.id`;
  const parameters = silentSince === undefined ? [engine] : [engine, silentSince];
  const result = await client.query<RunRecord>(text, parameters, REPEATABLE);
  return result.rows.map(toRunRow);
}
