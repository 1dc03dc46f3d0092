import { afterAll, beforeAll, expect, test } from "vitest";
import { changedTo } from "../server/changed-to.ts";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { type Answer, PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";

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

const OTHERS = { authorization: `Bearer ${PROD_KEY}` };
const worker = (method: string, id: string, call: string, body?: unknown, headers?: Record<string, string>) =>
  api.call(method, `/engine/v1/runs/${id}${call}`, body, headers);
const register = async (body: object = {}) => {
  const id = `run_refused_${count++}`;
  expect((await worker("PUT", id, "", { task: "job", ...body })).status).toBe(201);
  return id;
};
const refusal = ({ status, body, headers }: Answer) => [status, body.code, headers.get("x-should-retry")];

const calls: readonly [method: string, call: string, body: object | undefined][] = [
  ["POST", "/start", { attempt: 1 }],
  ["POST", "/heartbeat", {}],
  ["POST", "/complete", { ok: true }],
  ["GET", "/result", undefined],
];

test.each(calls)(
  "%s %s is 404 for no such run, for another environment's, and for an impossible id",
  async (method, call, body) => {
    const id = await register();
    const answers = [
      await worker(method, "run_none", call, body),
      await worker(method, id, call, body, OTHERS),
      await worker(method, "none", call, body),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.text]).toEqual([404, '{"error":"Task Run not found"}']);
      expect(answer.headers.get("x-should-retry")).toBe("false");
    }
    expect((await worker("GET", id, "/result?timeoutMs=0")).body.status).toBe("QUEUED");
  },
);

test("PUT of an id that another environment has is 409 for good, and tells nothing of that run", async () => {
  const id = await register({ metadata: { secret: 1 } });
  const answer = await worker("PUT", id, "", { task: "job" }, OTHERS);
  expect(refusal(answer)).toEqual([409, "id_taken", "false"]);
  expect(answer.body).not.toHaveProperty("metadata");
});

const writing: readonly [method: string, call: string, limitBytes: number][] = [
  ["PUT", "", 3 * 1024 * 1024],
  ["POST", "/start", 16 * 1024],
  ["POST", "/heartbeat", 16 * 1024],
  ["POST", "/complete", 3 * 1024 * 1024],
];

test.each(writing)(
  "%s %s refuses a body that is too large, of another type, no JSON, or none",
  async (method, call, limit) => {
    const id = await register();
    const send = async (body: unknown, headers?: Record<string, string>) => {
      const answer = await worker(method, id, call, body, headers);
      return [answer.status, answer.body.error];
    };
    expect(await send(" ".repeat(limit + 1))).toEqual([413, "Request body too large"]);
    expect(await send("a=1", { "content-type": "text/plain" })).toEqual([
      415,
      "Content-Type must be application/json",
    ]);
    for (const text of ["{", "null"]) expect(await send(text)).toEqual([400, "Invalid JSON"]);
    expect(await send("[]")).toEqual([400, expect.stringMatching(/^Validation error: /)]);
    // Only a heartbeat has nothing that must be said.
    if (call !== "/heartbeat") expect(await send("")).toEqual([400, "Request body is empty"]);
    expect((await worker("GET", id, "/result?timeoutMs=0")).body).toMatchObject({ status: "QUEUED" });
  },
);

test("a start whose key no header holds is a Headers Error", async () => {
  const id = await register();
  const key = { "x-trigger-request-idempotency-key": "k".repeat(257) };
  const answer = await worker("POST", id, "/start", { attempt: 1 }, key);
  expect([answer.status, answer.body.error]).toEqual([400, "Headers Error"]);
  expect(answer.body.details[0].path).toEqual(["x-trigger-request-idempotency-key"]);
});

test("whoever does not hold the attempt can neither keep it alive nor end it; none of it is to be retried", async () => {
  const id = await register();
  expect(refusal(await worker("POST", id, "/heartbeat", { attempt: 1 }))).toEqual([
    409,
    "attempt_out_of_order",
    "false",
  ]);
  await worker("POST", id, "/start", { attempt: 1, holder: "a" });
  const rival = { attempt: 1, holder: "b" };
  for (const [call, body] of [
    ["/start", rival],
    ["/heartbeat", rival],
    ["/complete", { ok: true, ...rival }],
  ] as const) {
    expect([call, ...refusal(await worker("POST", id, call, body))]).toEqual([
      call,
      409,
      "attempt_taken",
      "false",
    ]);
  }
  await worker("POST", id, "/start", { attempt: 2, holder: "a" });
  const late = { attempt: 1, holder: "a" };
  for (const [call, body] of [
    ["/start", late],
    ["/heartbeat", late],
    ["/complete", { ok: true, ...late }],
  ] as const) {
    expect([call, ...refusal(await worker("POST", id, call, body))]).toEqual([
      call,
      409,
      "attempt_out_of_order",
      "false",
    ]);
  }
  await worker("POST", id, "/complete", { ok: true, attempt: 2, holder: "a" });
  for (const [call, body] of [
    ["/start", { attempt: 3, holder: "a" }],
    ["/heartbeat", { attempt: 2, holder: "a" }],
    ["/complete", { ok: true, attempt: 3 }],
  ] as const) {
    expect([call, ...refusal(await worker("POST", id, call, body))]).toEqual([
      call,
      409,
      "run_ended",
      "false",
    ]);
  }
});

test("a crashed worker's run is taken up by its next attempt, document kept, and has CRASHED after its last", async () => {
  const id = await register({ maxAttempts: 2, metadata: { kept: true } });
  await worker("POST", id, "/start", { attempt: 1, holder: "first process" });
  await api.call("PUT", `/api/v1/runs/${id}/metadata`, {
    operations: [{ type: "append", key: "attempts", value: 1 }],
  });
  clock.advance(61_000);
  const second = await worker("POST", id, "/start", { attempt: 2, holder: "second process" });
  expect([second.status, second.body.metadata]).toEqual([200, { kept: true, attempts: [1] }]);
  const crashed = changedTo(api, id, "CRASHED");
  // The watch may sleep 15 s after the time is up.
  clock.advance(76_000);
  await crashed;
  expect((await worker("GET", id, "/result")).body).toMatchObject({ error: { name: "WorkerLost" } });
  expect(refusal(await worker("POST", id, "/start", { attempt: 3, holder: "third process" }))).toEqual([
    409,
    "run_ended",
    "false",
  ]);
});
