import { configure, metadata, withRun } from "@runmeta/runtime";

/** A worker of somebody's own queue: `with-run-child.ts <url> <key> hang | finish` executes the job `order-1` once. */
const [, , baseURL = "", accessToken = "", mode = ""] = process.argv;
const say = (text: string) => void process.stdout.write(`${text}\n`);

configure({ baseURL, accessToken });
await withRun({ key: "order-1", task: "import", metadata: { total: 2 } }, async (run) => {
  metadata.append("attempts", run.attempt).increment("rows");
  await metadata.flush();
  say(`run ${run.id} attempt ${run.attempt}`);
  if (mode === "hang") {
    setInterval(() => {}, 1_000);
    await new Promise(() => {});
  }
  return { rows: metadata.get("rows") };
});
say("over");
