import { MARK_CHANGED, type RunSummaryRecord, SUMMARY_COLUMNS, toRunSummary } from "./run-row.ts";
import type { SqlClient } from "./sql-client.ts";
import type { DebouncedRun, RunSummary } from "./storage.ts";
import { encodePacket, storedName } from "./stored-text.ts";

// A run is never due earlier for another trigger. With `$6` the run gets the data of the trigger that came last, and its
// history begins with that document.
const PUT_OFF_RUN = `
WITH r AS (
  UPDATE runs r SET delay_until = greatest(delay_until, $4::timestamptz),
    expires_at = greatest(delay_until, $4::timestamptz) + ttl_seconds * interval '1 second',
    payload = CASE WHEN $6::boolean
      THEN coalesce((SELECT p.packet FROM packets p WHERE p.id = $8), $7) ELSE payload END,
    initial_metadata = CASE WHEN $6::boolean THEN nullif($9, '{}') ELSE initial_metadata END,
    tags = CASE WHEN $6::boolean THEN $10::text[] ELSE tags END,
    max_attempts = coalesce($11::integer, max_attempts),
    max_duration_seconds = coalesce($12::double precision, max_duration_seconds),
    machine = coalesce($13, machine), ${MARK_CHANGED}
  WHERE environment = $1 AND task = $2 AND debounce_key = $3 AND status = 'DELAYED' AND attempt = 0
    AND ($5::timestamptz IS NULL OR created_at >= $5::timestamptz)
  RETURNING *
), d AS (
  UPDATE run_documents document SET version = document.version + 1, changed_in = pg_current_xact_id(),
    updated_at = now(),
    metadata = CASE WHEN $6::boolean THEN $9 ELSE document.metadata END,
    base_version = CASE WHEN $6::boolean THEN document.version + 1 ELSE document.base_version END,
    change_count = CASE WHEN $6::boolean THEN 0 ELSE document.change_count END,
    change_bytes = CASE WHEN $6::boolean THEN 0 ELSE document.change_bytes END
  FROM r WHERE document.id = r.id RETURNING document.*
), changed AS (
  INSERT INTO changed_documents (ids) SELECT ARRAY[d.id] FROM d WHERE $6::boolean
), changes AS (
  DELETE FROM document_changes c USING d WHERE $6::boolean AND c.id = d.id AND c.version <= d.version
), base AS (
  DELETE FROM document_bases b USING d WHERE $6::boolean AND b.id = d.id
)
SELECT ${SUMMARY_COLUMNS} FROM r JOIN d ON d.id = r.id`;

/** Puts the run off that waits with a debounce key, and gives it new data where there is some; undefined when none waits. */
export async function putOffRun(client: SqlClient, run: DebouncedRun): Promise<RunSummary | undefined> {
  const { update } = run;
  const result = await client.query<RunSummaryRecord>(
    PUT_OFF_RUN,
    [
      run.environment,
      storedName(run.task),
      storedName(run.key),
      run.delayUntil,
      run.createdAfter ?? null,
      update !== undefined,
      update === undefined ? null : encodePacket(update.payload),
      update?.payloadPacketId ?? null,
      update?.metadata ?? null,
      update?.tags.map(storedName) ?? null,
      update?.maxAttempts ?? null,
      update?.maxDurationSeconds ?? null,
      update?.machine ?? null,
    ],
    { repeatable: true },
  );
  return result.rows.map(toRunSummary)[0];
}

/** Lets the run that waits with a debounce key keep its time; the next trigger of the key starts another. */
export async function releaseDebounceKey(
  client: SqlClient,
  environment: string,
  task: string,
  key: string,
): Promise<void> {
  await client.query(
    `UPDATE runs SET debounce_key = NULL
     WHERE environment = $1 AND task = $2 AND debounce_key = $3 AND status = 'DELAYED' AND attempt = 0`,
    [environment, storedName(task), storedName(key)],
    { repeatable: true },
  );
}
