import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
let clock: ShiftedClock;
let count = 0;
beforeAll(async () => {
  clock = new ShiftedClock();
  api = await startTestServer({ clock });
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const worker = (method: string, id: string, call: string, body?: unknown, headers?: Record<string, string>) =>
  api.call(method, `/engine/v1/runs/${id}${call}`, body, headers);
const start = (id: string, attempt: number, holder?: string) =>
  worker("POST", id, "/start", { attempt, holder });
const complete = (id: string, body: object) => worker("POST", id, "/complete", body);
const retrieve = async (id: string) => (await api.call("GET", `/api/v3/runs/${id}`)).body;
const register = async (body: object = {}) => {
  const id = `run_worker_${count++}`;
  expect((await worker("PUT", id, "", { task: "job", ...body })).status).toBe(201);
  return id;
};
const failure = { ok: false, error: { name: "Error", message: "no" } };

describe("PUT /engine/v1/runs/{id}", () => {
  test("creates the run once, with its document and its parent", async () => {
    const parent = await register();
    const body = { task: "job", parentId: parent, tags: ["t"], metadata: { a: 1 }, payload: { p: 1 } };
    const first = await worker("PUT", "run_mine", "", body);
    expect([first.status, first.body]).toEqual([
      201,
      { id: "run_mine", status: "QUEUED", attempt: 0, created: true, metadata: { a: 1 } },
    ]);
    await api.call("PUT", "/api/v1/runs/run_mine/metadata", { metadata: { b: 2 } });
    const again = await worker("PUT", "run_mine", "", { task: "other", metadata: { c: 3 } });
    expect([again.status, again.body]).toEqual([
      200,
      { id: "run_mine", status: "QUEUED", attempt: 0, created: false, metadata: { b: 2 } },
    ]);
    expect(await retrieve("run_mine")).toMatchObject({
      taskIdentifier: "job",
      tags: ["t"],
      payload: { p: 1 },
      depth: 1,
    });
    expect((await retrieve("run_mine")).relatedRuns.root.id).toBe(parent);
  });

  test("keeps a parent that is not registered yet: writes to it never land on the child", async () => {
    const child = await register({ parentId: "run_not_yet" });
    const write = () =>
      api.call("PUT", `/api/v1/runs/${child}/metadata`, {
        operations: [{ type: "increment", key: "mine", value: 1 }],
        parentOperations: [{ type: "increment", key: "n", value: 1 }],
        rootOperations: [{ type: "increment", key: "r", value: 1 }],
      });
    const early = await write();
    expect([early.status, early.body]).toEqual([
      200,
      {
        metadata: { mine: 1 },
        refused: [
          { target: "parent", message: "The parent run is not known" },
          { target: "root", message: "The root run is not known" },
        ],
      },
    ]);
    await worker("PUT", "run_not_yet", "", { task: "job" });
    const later = await write();
    expect(later.body.metadata).toEqual({ mine: 2 });
    expect(later.body.refused.map((refusal: { target: string }) => refusal.target)).toEqual(["root"]);
    expect((await api.call("GET", "/api/v1/runs/run_not_yet/metadata")).body).toEqual({ metadata: { n: 1 } });
  });

  test("created at once by many, it is one run", async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => worker("PUT", "run_once", "", { task: "job" })),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 200, 200, 201]);
  });

  test.each([
    ["bad", { task: "t" }, 404],
    ["run_x", {}, 400],
    ["run_x", { task: " " }, 400],
    ["run_x", { task: "t", metadata: [] }, 400],
    ["run_x", { task: "t", metadata: { a: "x".repeat(5000) } }, 413],
    ["run_x", { task: "t", tags: Array.from({ length: 11 }, (_, i) => `t${i}`) }, 422],
  ])("refuses %s %.60j with %d", async (id, body, status) => {
    expect((await worker("PUT", id, "", body)).status).toBe(status);
  });
});

describe("POST /engine/v1/runs/{id}/start", () => {
  test("gives what is needed to execute; the same holder may repeat it, another is 409 for good", async () => {
    const id = await register({ payload: { p: 1 }, metadata: { m: 1 }, maxAttempts: 3 });
    const first = await start(id, 1, "a");
    expect([first.status, first.body]).toEqual([
      200,
      {
        id,
        status: "EXECUTING",
        attempt: 1,
        holder: "a",
        task: "job",
        tags: [],
        metadata: { m: 1 },
        payload: '{"p":1}',
        payloadType: "application/json",
        maxAttempts: 3,
        interruptions: 0,
        initialMetadata: { m: 1 },
        createdAt: expect.stringMatching(/Z$/),
        startedAt: expect.stringMatching(/Z$/),
        heartbeatIntervalMs: 20_000,
      },
    ]);
    expect((await start(id, 1, "a")).text).toBe(first.text);
    const rival = await start(id, 1, "b");
    expect([rival.status, rival.body.code]).toEqual([409, "attempt_taken"]);
    expect(rival.headers.get("x-should-retry")).toBe("false");
  });

  test("of many that start one attempt, one wins", async () => {
    const id = await register();
    const answers = await Promise.all(["a", "b", "c", "d"].map((holder) => start(id, 1, holder)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409, 409, 409]);
  });

  test("without a holder the request key tells a repetition; without that too, each call is a rival", async () => {
    const id = await register();
    const key = { "x-trigger-request-idempotency-key": "call-1" };
    expect((await worker("POST", id, "/start", { attempt: 1 }, key)).status).toBe(200);
    expect((await worker("POST", id, "/start", { attempt: 1 }, key)).status).toBe(200);
    expect((await start(id, 1)).status).toBe(409);
  });

  test("takeOver begins at once, as the next attempt; the holder before it learns that, and an ended run stays so", async () => {
    const id = await register();
    const takeOver = (attempt: number, holder: string) =>
      worker("POST", id, "/start", { attempt, holder, takeOver: true });
    expect((await takeOver(1, "a")).body).toMatchObject({ attempt: 1, holder: "a" });
    // Said twice by one, it is one attempt; another's is the next, whatever it thinks its number is.
    expect((await takeOver(1, "a")).body).toMatchObject({ attempt: 1 });
    expect((await takeOver(1, "b")).body).toMatchObject({ attempt: 2, holder: "b" });
    expect((await worker("POST", id, "/heartbeat", { attempt: 1, holder: "a" })).status).toBe(409);
    expect((await complete(id, { ok: true, attempt: 1, holder: "a" })).status).toBe(409);
    expect((await complete(id, { ok: true, attempt: 2, holder: "b" })).body).toMatchObject({
      status: "COMPLETED",
    });
    const late = await takeOver(3, "c");
    expect([late.status, late.body]).toMatchObject([409, { code: "run_ended", status: "COMPLETED" }]);
  });

  test("the next attempt waits until the one before has been silent for 60 s", async () => {
    const id = await register();
    await start(id, 1, "a");
    const early = await start(id, 2, "b");
    expect([early.status, early.body.code]).toEqual([409, "attempt_running"]);
    expect(early.headers.get("x-should-retry")).toBe("true");
    expect(Number(early.headers.get("retry-after"))).toBeGreaterThan(50);
    expect(early.body.retryAfterMs).toBeLessThanOrEqual(60_000);
    clock.advance(61_000);
    const next = await start(id, 2, "b");
    expect([next.status, next.body.attempt]).toEqual([200, 2]);
    const gone = await worker("POST", id, "/heartbeat", { attempt: 1, holder: "a" });
    expect([gone.status, gone.body.code]).toEqual([409, "attempt_out_of_order"]);
    expect((await complete(id, { ok: true, attempt: 1, holder: "a" })).status).toBe(409);
    expect((await complete(id, { ok: true, attempt: 2, holder: "b" })).body.status).toBe("COMPLETED");
  });

  test("the same holder may go on to its next attempt at once", async () => {
    const id = await register();
    await start(id, 1, "a");
    expect((await start(id, 2, "a")).status).toBe(200);
    expect((await start(id, 1, "a")).body.code).toBe("attempt_out_of_order");
  });

  test("a triggered run with a delay is not due; an ended one cannot start", async () => {
    const delayed = await api.trigger({ delay: "1h" });
    const early = await start(delayed, 1, "a");
    expect([early.status, early.body.code, early.headers.get("x-should-retry")]).toEqual([
      409,
      "run_delayed",
      "true",
    ]);
    const done = await register();
    await complete(done, { ok: true });
    expect((await start(done, 2, "a")).body.code).toBe("run_ended");
  });

  test.each([[{}], [{ attempt: 0 }], [{ attempt: 1.5 }], [{ attempt: "1" }], [{ attempt: 1, holder: "" }]])(
    "refuses %j",
    async (body) => {
      expect((await worker("POST", await register(), "/start", body)).status).toBe(400);
    },
  );
});

describe("POST /engine/v1/runs/{id}/heartbeat", () => {
  test("keeps the attempt, with or without a body, and tells of a cancellation", async () => {
    const id = await register();
    expect((await worker("POST", id, "/heartbeat")).status).toBe(409);
    await start(id, 1, "a");
    expect((await worker("POST", id, "/heartbeat")).body).toEqual({
      id,
      status: "EXECUTING",
      attempt: 1,
      cancelled: false,
    });
    expect((await worker("POST", id, "/heartbeat", { holder: "b" })).body.code).toBe("attempt_taken");
    await api.call("POST", `/api/v2/runs/${id}/cancel`);
    expect((await worker("POST", id, "/heartbeat", { attempt: 1, holder: "a" })).body).toMatchObject({
      cancelled: true,
    });
    const done = await register();
    await complete(done, { ok: true });
    expect((await worker("POST", done, "/heartbeat")).body.code).toBe("run_ended");
  });
});

describe("POST /engine/v1/runs/{id}/complete", () => {
  test("ends the run once; said again it answers the same and changes nothing", async () => {
    const id = await register();
    await start(id, 1, "a");
    const first = await complete(id, { ok: true, output: { x: 1 }, attempt: 1, holder: "a" });
    expect(first.body).toEqual({ id, status: "COMPLETED", attempt: 1 });
    const finishedAt = (await retrieve(id)).finishedAt;
    expect((await complete(id, { ...failure, attempt: 1, holder: "a" })).body).toEqual(first.body);
    expect(await retrieve(id)).toMatchObject({ status: "COMPLETED", output: { x: 1 }, finishedAt });
    expect((await complete(id, { ok: true, attempt: 2 })).body.code).toBe("run_ended");
  });

  test("a failure with retryAfterMs opens the run for the next attempt", async () => {
    const id = await register();
    await start(id, 1, "a");
    const retry = { ...failure, attempt: 1, holder: "a", retryAfterMs: 5000 };
    expect((await complete(id, retry)).body).toEqual({ id, status: "DELAYED", attempt: 1 });
    const dueAt = (await retrieve(id)).delayedUntil;
    expect((await complete(id, retry)).body.status).toBe("DELAYED");
    expect((await retrieve(id)).delayedUntil).toBe(dueAt);
    expect((await start(id, 2, "b")).body.attempt).toBe(2);
    expect((await complete(id, { ...failure, attempt: 2, retryAfterMs: 0 })).body.status).toBe("QUEUED");
    expect((await start(id, 3, "c")).status).toBe(200);
    expect((await complete(id, { ...failure, attempt: 3 })).body.status).toBe("FAILED");
  });

  test("arrives although the start was lost, and after a cancellation changes nothing", async () => {
    const id = await register();
    expect((await complete(id, { ok: true, attempt: 1, holder: "a" })).body).toEqual({
      id,
      status: "COMPLETED",
      attempt: 1,
    });
    expect((await retrieve(id)).startedAt).toBeTruthy();
    const cancelled = await register();
    await start(cancelled, 1, "a");
    await api.call("POST", `/api/v2/runs/${cancelled}/cancel`);
    expect((await complete(cancelled, { ok: true, attempt: 1 })).body.status).toBe("CANCELED");
  });

  test("an output of any JSON value or packet, an error of any text", async () => {
    const id = await register();
    await complete(id, { ok: true, output: "a\u0000\ud800", outputType: "text/plain" });
    expect((await retrieve(id)).output).toBe("a\u0000\ud800");
    const failed = await register();
    await complete(failed, {
      ok: false,
      error: { name: "n\u0000", message: "m\u0000\ud800", stackTrace: "s\u0000" },
    });
    expect((await retrieve(failed)).status).toBe("FAILED");
    expect((await complete(await register(), { ok: false })).status).toBe(400);
    const patient = await complete(await register(), {
      ok: false,
      error: { message: "m" },
      retryAfterMs: 1e300,
    });
    expect(patient.body.status).toBe("DELAYED");
  });
});

describe("GET /engine/v1/runs/{id}/result", () => {
  test("answers at once when the run has ended", async () => {
    const id = await register();
    await complete(id, { ok: true, output: "t", outputType: "text/plain" });
    expect((await worker("GET", id, "/result")).body).toEqual({
      ok: true,
      id,
      status: "COMPLETED",
      output: "t",
      outputType: "text/plain",
    });
    const failed = await register();
    await complete(failed, failure);
    expect((await worker("GET", failed, "/result")).body).toEqual({
      ...failure,
      id: failed,
      status: "FAILED",
    });
    const cancelled = await register();
    await api.call("POST", `/api/v2/runs/${cancelled}/cancel`);
    expect((await worker("GET", cancelled, "/result")).body).toMatchObject({ ok: false, status: "CANCELED" });
  });

  test("waits for the end, through changes that are none", async () => {
    const id = await register();
    const waiting = worker("GET", id, "/result?timeoutMs=20000");
    await start(id, 1, "a");
    await api.call("PUT", `/api/v1/runs/${id}/metadata`, { metadata: { x: 1 } });
    await complete(id, { ok: true, output: 5, attempt: 1 });
    expect((await waiting).body).toMatchObject({ ok: true, output: "5", outputType: "application/json" });
  });

  test("says pending when the time is over", async () => {
    const id = await register();
    expect((await worker("GET", id, "/result?timeoutMs=0")).body).toEqual({
      pending: true,
      id,
      status: "QUEUED",
    });
    const waiting = worker("GET", id, "/result?timeoutMs=5000");
    await api.call("PUT", `/api/v1/runs/${id}/metadata`, { metadata: { x: 1 } });
    clock.advance(6000);
    expect((await waiting).body.pending).toBe(true);
  });

  test("refuses a timeout that is no number, and unknown runs", async () => {
    expect((await worker("GET", await register(), "/result?timeoutMs=-1")).body.error).toBe("Query Error");
    expect((await worker("GET", "run_unknown", "/result")).status).toBe(404);
    expect((await worker("GET", "unknown", "/result")).status).toBe(404);
  });
});
