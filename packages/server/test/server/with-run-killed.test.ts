import { afterEach, beforeEach, expect, test } from "vitest";
import { ChildProcessUnderTest } from "../engine/child-process.ts";
import { changedTo } from "./changed-to.ts";
import { ShiftedClock } from "./shifted-clock.ts";
import { DEV_KEY, startTestServer, type TestServer } from "./test-server.ts";

const CHILD = new URL("./with-run-child.ts", import.meta.url);

let api: TestServer;
let clock: ShiftedClock;
beforeEach(async () => {
  clock = new ShiftedClock();
  api = await startTestServer({ clock });
  await api.server.listen({ port: 0 });
});
afterEach(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const worker = (mode: "hang" | "finish") => new ChildProcessUnderTest(CHILD, [api.server.url, DEV_KEY, mode]);
const retrieve = async (id: string) => (await api.call("GET", `/api/v3/runs/${id}`)).body;
/** Executes the job until its process is killed in the middle of it. */
async function killedInAttempt(attempt: number): Promise<string> {
  await using child = worker("hang");
  const [, id = ""] = await child.printed(new RegExp(`run (\\S+) attempt ${attempt}\\n`));
  expect(await child.stop("SIGKILL")).toBe("SIGKILL");
  return id;
}

test("withRun killed by SIGKILL: its job's retry goes on with the document, once the first has been silent", async () => {
  const id = await killedInAttempt(1);
  expect(await retrieve(id)).toMatchObject({
    status: "EXECUTING",
    taskIdentifier: "import",
    attemptCount: 1,
  });

  // Before that, the retry would be told to wait.
  clock.advance(61_000);
  await using retry = worker("finish");
  expect(await retry.exited).toBe(0);
  expect(retry.stdout).toBe(`run ${id} attempt 2\nover\n`);
  expect(await retrieve(id)).toMatchObject({
    status: "COMPLETED",
    attemptCount: 2,
    output: { rows: 2 },
    metadata: { total: 2, attempts: [1, 2], rows: 2 },
  });
}, 60_000);

test("withRun killed by SIGKILL and never retried has CRASHED, document kept, and cannot be started again", async () => {
  const id = await killedInAttempt(1);
  clock.advance(61_000);
  expect(await killedInAttempt(2)).toBe(id);
  const crashed = changedTo(api, id, "CRASHED");
  clock.advance(10 * 60_000 + 15_000);
  await crashed;
  expect(await retrieve(id)).toMatchObject({
    error: { name: "WorkerLost" },
    metadata: { total: 2, attempts: [1, 2], rows: 2 },
  });
  await using late = worker("finish");
  expect(await late.exited).toBe(1);
  expect(late.stderr).toContain("This run has ended: CRASHED");
}, 60_000);
