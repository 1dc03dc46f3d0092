import { afterEach, beforeEach, expect, test } from "vitest";
import { noEngine } from "../../src/index.ts";
import { changedTo } from "../server/changed-to.ts";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
let clock: ShiftedClock;
let notified: number;
let onNotified: () => void;
beforeEach(async () => {
  clock = new ShiftedClock();
  notified = 0;
  onNotified = () => {};
  const notify = () => {
    notified += 1;
    onNotified();
  };
  api = await startTestServer({ clock, engine: { ...noEngine(), notify } });
});
afterEach(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const reaches = (id: string, status: string) => changedTo(api, id, status);

test("a delayed run becomes due and the engine hears of it", async () => {
  const id = await api.trigger({ delay: "10m" });
  const before = notified;
  clock.advance(599_000);
  expect((await api.call("GET", `/api/v3/runs/${id}`)).body.status).toBe("DELAYED");
  // The row changes before the engine hears of it.
  const heard = new Promise<void>((resolve) => {
    onNotified = resolve;
  });
  clock.advance(2_000);
  await reaches(id, "QUEUED");
  await heard;
  expect(notified).toBe(before + 1);
});

test("a queued run passes its ttl", async () => {
  const id = await api.trigger({ ttl: "1m", idempotencyKey: "k" });
  expect(await api.trigger({ idempotencyKey: "k" })).toBe(id);
  clock.advance(61_000);
  await reaches(id, "EXPIRED");
  // Its key is free again.
  expect(await api.trigger({ idempotencyKey: "k" })).not.toBe(id);
  const run = (await api.call("GET", `/api/v3/runs/${id}`)).body;
  expect(run.expiredAt).toBeTruthy();
  expect((await api.call("GET", `/engine/v1/runs/${id}/result`)).body).toMatchObject({
    ok: false,
    status: "EXPIRED",
  });
});

test("a silent worker's run crashes after its last attempt, 60 s after it was last heard of", async () => {
  const put = (id: string, body: object) =>
    api.call("PUT", `/engine/v1/runs/${id}`, { task: "job", ...body });
  const start = (id: string) => api.call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1, holder: "a" });
  await put("run_last", { maxAttempts: 1 });
  await put("run_more", { maxAttempts: 2 });
  await put("run_open", {});
  for (const id of ["run_last", "run_more", "run_open"]) await start(id);
  clock.advance(75_000);
  await reaches("run_last", "CRASHED");
  const crashed = (await api.call("GET", "/api/v3/runs/run_last")).body;
  expect(crashed.error).toMatchObject({ name: "WorkerLost" });
  expect(crashed.finishedAt).toBeTruthy();
  for (const id of ["run_more", "run_open"]) {
    expect((await api.call("GET", `/api/v3/runs/${id}`)).body.status).toBe("EXECUTING");
  }
  // How many attempts this one gets nobody said: its queue has ten minutes.
  clock.advance(600_000);
  await reaches("run_open", "CRASHED");
  expect((await api.call("GET", "/api/v3/runs/run_more")).body.status).toBe("EXECUTING");
});
