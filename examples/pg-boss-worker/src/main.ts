import { configure, metadata, runs } from "@runmeta/runtime";
import { pgBossProcessor, pgBossRunId } from "@runmeta/runtime/pg-boss";
import { createServer, pgliteStorage } from "@runmeta/server";
import PgBoss from "pg-boss";

const { DATABASE_URL } = process.env;
if (DATABASE_URL === undefined) {
  console.error(
    "Set DATABASE_URL, for example postgres://postgres:x@127.0.0.1:5432/postgres after: docker run --rm -p 5432:5432 -e POSTGRES_PASSWORD=x postgres:17",
  );
  process.exit(1);
}

// The server: in this process and in memory here; `npx runmeta serve` runs one for all your machines.
const server = await createServer({ storage: pgliteStorage({}) });
await server.listen({ port: 0 });
configure({ baseURL: server.url, accessToken: server.secretKey });

const boss = new PgBoss({ connectionString: DATABASE_URL, schema: "runmeta_example" });
boss.on("error", console.error);
await boss.start();

// `importRows` knows nothing of the queue. The database is busy at the first attempt.
async function importRows(rows: string[], attempt: number) {
  const progress = metadata.progress(rows.length);
  for (const row of rows) {
    metadata.set("row", row);
    if (row === "grace" && attempt === 1) throw new Error("the database is busy");
    progress.advance();
  }
}

type Import = PgBoss.JobWithMetadata<{ rows: string[] }>;
const name = "imports";
await boss.createQueue(name);
await boss.work<{ rows: string[] }>(
  name,
  { includeMetadata: true, pollingIntervalSeconds: 0.5 },
  pgBossProcessor(async (job: Import) => {
    metadata.increment("attempts");
    await importRows(job.data.rows, job.retryCount + 1);
    return { imported: job.data.rows.length };
  }),
);

// Who sends the job knows its run's id, and can watch it over HTTP.
const id = await boss.send(name, { rows: ["ada", "grace", "edsger"] }, { retryLimit: 1, retryDelay: 0 });
if (id === null) throw new Error("the job was not added");
const runId = await pgBossRunId({ name, id });
while ((await boss.getJobById(name, id))?.state !== "completed") await new Promise((r) => setTimeout(r, 100));
const run = await runs.retrieve(runId);
console.log(run.status, "in attempt", run.attemptCount, run.output, run.metadata);

await boss.stop({ graceful: false, wait: true });
await server.close();
