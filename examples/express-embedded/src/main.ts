import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { configure, metadata, runs, withRun } from "@runmeta/runtime";
import { createServer, pgliteStorage } from "@runmeta/server";
import express from "express";

// The server is a function from Request to Response: mounted in the app, it needs no port and no process of its own.
// `pgliteStorage({ directory: ".runmeta" })` keeps the runs on disk.
const runmeta = await createServer({ storage: pgliteStorage({}) });
const app = express();
app.use("/runmeta", getRequestListener(runmeta.fetch));

// The job reports over the same HTTP; as a process of its own it would do so without a change.
async function createReport(id: string, pages: number) {
  await withRun({ id, task: "report", payload: { pages } }, async () => {
    const progress = metadata.progress(pages);
    for (let page = 1; page <= pages; page++) {
      await setTimeout(200);
      metadata.set("page", page);
      progress.advance();
    }
    return { file: "report.pdf" };
  });
}

app.post("/reports", (_request, response) => {
  const id = `run_report_${Date.now()}`;
  createReport(id, 10).catch(console.error);
  response.status(202).location(`/reports/${id}`).end();
});

app.get("/reports/:id", async (request, response) => {
  const { status, metadata: document, output } = await runs.retrieve(request.params.id);
  response.json({ status, progress: document?.progress, output });
});

const listener = app.listen(Number(process.env.PORT ?? 0), "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  configure({ baseURL: `${url}/runmeta`, accessToken: runmeta.secretKey });
  if (process.env.PORT !== undefined) return console.log(`curl -i -X POST ${url}/reports`);

  // Without a PORT: one report, as a browser would ask for it.
  const { headers } = await fetch(`${url}/reports`, { method: "POST" });
  for (let status = ""; status !== "COMPLETED"; ) {
    await setTimeout(500);
    const reply = await fetch(`${url}${headers.get("location")}`);
    const report = (await reply.json()) as {
      status: string;
      progress?: { percent: number };
      output?: object;
    };
    if (!reply.ok) continue;
    status = report.status;
    console.log(status, `${report.progress?.percent ?? 0} %`, report.output ?? "");
  }
  listener.close();
  await runmeta.close();
});
