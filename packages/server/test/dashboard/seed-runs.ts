import { Client } from "pg";

/** Where runs are put. */
export interface SeedTarget {
  readonly connectionString: string;
  readonly schema: string;
  readonly environment: string;
}

/**
 * Puts runs into the tables of a server on PostgreSQL, one a second until now; the newest one is number `count`. Every
 * tenth failed, every twentieth is being executed, the others are completed.
 */
export async function seedRuns({ connectionString, schema, environment }: SeedTarget, count: number) {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(`SET search_path TO "${schema}"`);
    await client.query(
      `INSERT INTO runs (id, environment, task, engine, status, payload, tags, depth, claim_order_at, trigger_function,
         created_at, updated_at, started_at, finished_at, attempt)
       SELECT 'run_seed' || lpad(n::text, 7, '0'), $1, (ARRAY['import-cities', 'send-newsletter', 'resize-images'])[1 + n % 3],
         'none', status, '["application/json","{}"]', ARRAY['user_' || n % 7, 'nightly'], 0, at, 'trigger',
         at, at, at, CASE WHEN status = 'EXECUTING' THEN NULL ELSE at + make_interval(secs => n % 90) END, 1
       FROM (
         SELECT n, CASE WHEN n % 20 = 0 THEN 'EXECUTING' WHEN n % 10 = 5 THEN 'FAILED' ELSE 'COMPLETED' END AS status,
           now() - make_interval(secs => $2::integer - n) AS at
         FROM generate_series(1, $2::integer) AS n
       ) AS numbers`,
      [environment, count],
    );
    await client.query(
      `INSERT INTO run_documents (id, metadata, dedupe, updated_at)
       SELECT id, json_build_object('step', n, 'user', 'ann', 'progress', json_build_object('done', n % 100,
         'total', 100, 'percent', n % 100, 'ratePerSecond', 12.5, 'etaMs', 4000))::text, '{}', created_at
       FROM (SELECT id, created_at, substr(id, 9)::integer AS n FROM runs WHERE id LIKE 'run_seed%') AS seeded`,
    );
    // So many at once come between two looks of PostgreSQL's own at what its tables hold.
    await client.query("ANALYZE runs, run_documents");
  } finally {
    await client.end();
  }
}
