import type { EngineName } from "./engine-name.ts";
import type { DispatchedRun, QueueLimit, QueuePlace, QueueStorage, TaskDefaults } from "./queue-storage.ts";
import type { SqlClient } from "./sql-client.ts";
import { storedName } from "./stored-text.ts";

const REPEATABLE = { repeatable: true } as const;

/** The queue of a row of `runs`, as its indexes have it. */
export const QUEUE_NAME = "coalesce(queue, 'task/' || task)";
export const QUEUE_KEY = "coalesce(concurrency_key, '')";

/** Statements of an engine with a queue of its own, over any client that speaks PostgreSQL's dialect. */
export function queueStatements(client: () => SqlClient): QueueStorage {
  return {
    dispatchRuns: async (dispatch) => dispatchRuns(client(), dispatch),
    parkRun: async (id) => parkRun(client(), id),
    wakeParkedRuns: async (engine, of) => wakeParkedRuns(client(), engine, of),
    announceTasks: async (environment, tasks, limits) => announceTasks(client(), environment, tasks, limits),
    findTaskDefaults: async (environment, task) => findTaskDefaults(client(), environment, task),
  };
}

function dispatch(condition: string, order: string): string {
  return `WITH handed AS (
    UPDATE runs r SET dispatched_at = now()
    FROM (
      SELECT id FROM runs
      WHERE engine = $1 AND status = 'QUEUED' AND NOT parked AND ${condition}
        AND (delay_until IS NULL OR delay_until <= now())
      ORDER BY ${order}, id LIMIT $2::integer FOR UPDATE SKIP LOCKED
    ) due
    WHERE r.id = due.id RETURNING r.id, r.environment, r.task, r.attempt, r.priority, r.claim_order_at
  ) SELECT id, environment, task, attempt, coalesce(priority, 0) AS priority FROM handed ORDER BY claim_order_at, id`;
}

const DISPATCH_NEW = dispatch("dispatched_at IS NULL", "claim_order_at");
// In turn: the oldest may wait for a worker that is not there, and would be looked after again and again.
const DISPATCH_LOST = dispatch(
  "dispatched_at < now() - $3::float8 * interval '1 millisecond'",
  "dispatched_at",
);

async function dispatchRuns(
  client: SqlClient,
  { engine, limit, lostAfterMs }: { engine: EngineName; limit: number; lostAfterMs?: number | undefined },
): Promise<DispatchedRun[]> {
  const { rows } =
    lostAfterMs === undefined
      ? await client.query<DispatchedRun>(DISPATCH_NEW, [engine, limit])
      : await client.query<DispatchedRun>(DISPATCH_LOST, [engine, limit, lostAfterMs]);
  return rows;
}

async function parkRun(client: SqlClient, id: string): Promise<void> {
  await client.query(
    "UPDATE runs SET parked = true WHERE id = $1 AND status IN ('QUEUED', 'WAITING')",
    [storedName(id)],
    REPEATABLE,
  );
}

const WAKE_PARKED = `
UPDATE runs r SET parked = false, dispatched_at = NULL
FROM (
  SELECT waiting.id
  FROM (
    SELECT DISTINCT environment, ${QUEUE_NAME} AS name, ${QUEUE_KEY} AS key FROM runs
    WHERE engine = $1 AND status = 'QUEUED' AND parked AND ($2::text IS NULL OR
      (environment = $2::text AND ${QUEUE_NAME} = $3::text AND ${QUEUE_KEY} = $4::text))
  ) place, LATERAL (
    SELECT id FROM runs
    WHERE engine = $1 AND status = 'QUEUED' AND parked AND environment = place.environment
      AND ${QUEUE_NAME} = place.name AND ${QUEUE_KEY} = place.key
    ORDER BY claim_order_at, id
    LIMIT runmeta_queue_room($1, place.environment, place.name, place.key, false)
  ) waiting
) due
WHERE r.id = due.id AND r.status = 'QUEUED' AND r.parked`;

async function wakeParkedRuns(client: SqlClient, engine: EngineName, of?: QueuePlace): Promise<number> {
  const place = of === undefined ? [null, null, null] : [of.environment, of.queue, of.concurrencyKey];
  const result = await client.query(WAKE_PARKED, [
    engine,
    ...place.map((name) => (name === null ? null : storedName(name))),
  ]);
  return result.affectedRows;
}

const ANNOUNCE_TASKS = `
WITH defaults AS (
  INSERT INTO task_defaults (environment, task, queue, ttl)
  SELECT $1, x.task, x.queue, x.ttl FROM json_to_recordset($2::json) AS x(task text, queue text, ttl text)
  ORDER BY x.task
  ON CONFLICT (environment, task) DO UPDATE SET queue = excluded.queue, ttl = excluded.ttl
)
INSERT INTO queue_limits (environment, queue, concurrency_limit)
SELECT $1, x.queue, x.most FROM json_to_recordset($3::json) AS x(queue text, most integer) ORDER BY x.queue
ON CONFLICT (environment, queue) DO UPDATE SET concurrency_limit = excluded.concurrency_limit`;

async function announceTasks(
  client: SqlClient,
  environment: string,
  tasks: readonly TaskDefaults[],
  limits: readonly QueueLimit[],
): Promise<void> {
  const defaults = tasks.map(({ task, queue, ttl }) => ({
    task: storedName(task),
    queue: queue === undefined ? null : storedName(queue),
    // JSON text keeps 60 and "60" apart.
    ttl: ttl === undefined ? null : JSON.stringify(ttl),
  }));
  const most = limits.map(({ queue, concurrencyLimit = null }) => ({
    queue: storedName(queue),
    most: concurrencyLimit,
  }));
  await client.query(
    ANNOUNCE_TASKS,
    [environment, JSON.stringify(defaults), JSON.stringify(most)],
    REPEATABLE,
  );
}

async function findTaskDefaults(
  client: SqlClient,
  environment: string,
  task: string,
): Promise<TaskDefaults | undefined> {
  const { rows } = await client.query<{ queue: string | null; ttl: string | null }>(
    "SELECT queue, ttl FROM task_defaults WHERE environment = $1 AND task = $2",
    [environment, storedName(task)],
    REPEATABLE,
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const ttl = row.ttl === null ? undefined : (JSON.parse(row.ttl) as string | number);
  return { task, queue: row.queue ?? undefined, ttl };
}
