import { configure, metadata, runs, withRun } from "@runmeta/runtime";
import { createServer, pgliteStorage } from "@runmeta/server";

// The server: in this process and in memory here; `npx runmeta serve` runs one for all your machines.
const server = await createServer({ storage: pgliteStorage({}) });
await server.listen({ port: 0 });
configure({ baseURL: server.url, accessToken: server.secretKey });

async function sendEmails(addresses: string[]) {
  const progress = metadata.progress(addresses.length);
  for (const address of addresses) {
    metadata.set("sending", address).increment("sent");
    progress.advance();
  }
}

// The job: any code of yours, with any queue. Everything it calls can report.
await withRun({ id: "run_newsletter", task: "newsletter" }, async () => {
  metadata.set("startedAt", new Date());
  await sendEmails(["ada@example.com", "grace@example.com", "edsger@example.com"]);
});

// The reader: a backend, a page, a test. Over HTTP, also while the job runs.
const run = await runs.retrieve("run_newsletter");
console.log(run.status, run.metadata);
await server.close();
