import type { Migration } from "./migration.ts";

/**
 * What a queue engine needs: when a run was handed to its queue, what workers said about their tasks, and limits of
 * queues that hold for all workers together. A function answers whether a queue has room, since only its own statements
 * see what was committed while it waited for the queue's lock.
 */
export const queueEngineMigration: Migration = {
  number: 12,
  name: "queue engine",
  sql: `
ALTER TABLE runs ADD COLUMN dispatched_at timestamptz, ADD COLUMN parked boolean NOT NULL DEFAULT false;
CREATE INDEX runs_to_dispatch ON runs (engine, claim_order_at, id)
  WHERE status = 'QUEUED' AND dispatched_at IS NULL AND NOT parked;
CREATE INDEX runs_parked ON runs
  (engine, environment, (coalesce(queue, 'task/' || task)), (coalesce(concurrency_key, '')), claim_order_at, id)
  WHERE status = 'QUEUED' AND parked;
CREATE INDEX runs_in_queue ON runs
  (engine, environment, (coalesce(queue, 'task/' || task)), (coalesce(concurrency_key, '')))
  WHERE status IN ('DEQUEUED', 'EXECUTING', 'WAITING');
DROP INDEX runs_held;
CREATE INDEX runs_held ON runs (engine, heartbeat_at) WHERE status IN ('DEQUEUED', 'EXECUTING', 'WAITING');

CREATE TABLE task_defaults (
  environment text NOT NULL,
  task text NOT NULL,
  queue text,
  ttl text,
  PRIMARY KEY (environment, task)
);
CREATE TABLE queue_limits (
  environment text NOT NULL,
  queue text NOT NULL,
  concurrency_limit integer,
  PRIMARY KEY (environment, queue)
);

CREATE FUNCTION runmeta_queue_room(of_engine text, of_environment text, of_queue text, of_key text, resumes boolean)
RETURNS integer LANGUAGE plpgsql VOLATILE AS $body$
DECLARE
  most integer;
  used integer;
BEGIN
  SELECT concurrency_limit INTO most FROM queue_limits
  WHERE environment = of_environment AND queue = of_queue;
  IF most IS NULL THEN RETURN NULL; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(of_environment || E'\\n' || of_queue || E'\\n' || of_key, 7268306384));
  SELECT count(*) INTO used FROM runs
  WHERE engine = of_engine AND environment = of_environment AND coalesce(queue, 'task/' || task) = of_queue
    AND coalesce(concurrency_key, '') = of_key
    AND (status IN ('DEQUEUED', 'EXECUTING') OR (status = 'WAITING' AND parked AND NOT resumes));
  RETURN greatest(most - used, 0);
END $body$;
`,
};
