import { createdSessionReply } from "@runmeta/runtime/protocol/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noEngine } from "../../src/index.ts";
import { PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { newName, newSession, sessionCalls } from "./session-calls.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer({ engine: { ...noEngine(), knows: (task) => task !== "unknown" } });
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});
const { create, get, close } = sessionCalls(() => api);
const endRun = (id: string) => api.call("POST", `/api/v2/runs/${id}/cancel`);
const payloadOf = async (runId: string) => (await api.call("GET", `/api/v3/runs/${runId}`)).body.payload;

describe("POST /api/v1/sessions", () => {
  test("creates a session and triggers its first run with the payload, queue and tags of the configuration", async () => {
    const externalId = newName();
    const triggerConfig = {
      basePayload: { user: 7, message: "hi" },
      tags: ["a"],
      queue: "slow",
      maxAttempts: 2,
      machine: "micro",
      idleTimeoutInSeconds: 60,
      externalDeploymentId: null,
      unknown: 1,
    };
    const created = await create({ externalId, triggerConfig, tags: ["t"], metadata: { n: 1 } });
    expect(created.status).toBe(201);
    expect(createdSessionReply.safeParse(created.body).success).toBe(true);
    expect(created.body).toEqual({
      id: expect.stringMatching(/^session_[a-z0-9]{25}$/),
      externalId,
      type: "chat",
      taskIdentifier: "answer",
      triggerConfig: {
        basePayload: { user: 7, message: "hi" },
        tags: ["a"],
        queue: "slow",
        maxAttempts: 2,
        machine: "micro",
        idleTimeoutInSeconds: 60,
      },
      currentRunId: created.body.runId,
      tags: ["t"],
      metadata: { n: 1 },
      closedAt: null,
      closedReason: null,
      expiresAt: null,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      runId: expect.stringMatching(/^run_/),
      publicAccessToken: expect.stringMatching(/^[^.]+\.[^.]+\.[^.]+$/),
      isCached: false,
    });
    const run = (await api.call("GET", `/api/v3/runs/${created.body.runId}`)).body;
    expect(run).toMatchObject({
      taskIdentifier: "answer",
      tags: ["a"],
      payload: { user: 7, message: "hi", idleTimeoutInSeconds: 60, sessionId: created.body.id },
    });
    expect(run).not.toHaveProperty("idempotencyKey");
  });

  test("the same externalId is the same session: its run is reused, tags and metadata stay, the configuration is taken over", async () => {
    const externalId = newName();
    const first = (await create({ externalId, tags: ["t"], metadata: { n: 1 } })).body;
    const again = await create({
      externalId: ` ${externalId} `,
      tags: ["other"],
      metadata: { n: 2 },
      triggerConfig: { basePayload: { user: 8 } },
    });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({
      id: first.id,
      runId: first.runId,
      isCached: true,
      tags: ["t"],
      metadata: { n: 1 },
      triggerConfig: { basePayload: { user: 8 } },
    });
    const elsewhere = await create({ externalId }, { authorization: `Bearer ${PROD_KEY}` });
    expect(elsewhere.status).toBe(201);
  });

  test("a run that has ended is followed by another one, which is told so", async () => {
    const externalId = newName();
    const triggerConfig = { basePayload: { user: 7, message: "hi", trigger: "submit" } };
    const first = (await create({ externalId, triggerConfig })).body;
    await endRun(first.runId);
    const next = (await create({ externalId, triggerConfig })).body;
    expect(next).toMatchObject({ id: first.id, isCached: true, currentRunId: next.runId });
    expect(next.runId).not.toBe(first.runId);
    expect(await payloadOf(next.runId)).toEqual({
      user: 7,
      sessionId: first.id,
      continuation: true,
      previousRunId: first.runId,
    });
  });

  test("D4 twenty at once make one session and one run", async () => {
    const externalId = newName();
    const answers = await Promise.all(Array.from({ length: 20 }, () => create({ externalId })));
    expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1);
    expect(new Set(answers.map(({ body: { runId } }) => runId)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const runs = await api.call("GET", "/api/v1/runs?filter[taskIdentifier]=answer&page[size]=100");
    const payloads = await Promise.all(runs.body.data.map(({ id }: { id: string }) => payloadOf(id)));
    const mine = payloads.filter((payload) => payload.sessionId === answers[0]?.body.id);
    expect(mine).toHaveLength(1);
  });

  test("a reply that was lost: the same request again finds its session", async () => {
    const key = { "x-trigger-request-idempotency-key": crypto.randomUUID() };
    const [first, again, other] = [await create({}, key), await create({}, key), await create()];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toMatchObject({ id: first.body.id, runId: first.body.runId, isCached: false });
    expect(other.body.id).not.toBe(first.body.id);
  });

  test("a closed and an expired session are refused, and official clients do not ask again", async () => {
    const externalId = newName();
    await create({ externalId });
    await close(externalId);
    const closed = await create({ externalId });
    expect([closed.status, closed.body, closed.headers.get("x-should-retry")]).toEqual([
      409,
      { error: "Session is closed; use a different externalId to create a new session" },
      "false",
    ]);
    const expired = await create({ externalId: newName(), expiresAt: "2020-01-01T00:00:00Z" });
    expect([expired.status, expired.body.error]).toEqual([
      409,
      "Session is expired; use a different externalId to create a new session",
    ]);
  });

  test("a task that is not there is 404, a run that cannot be triggered 422, and no session is left behind", async () => {
    const externalId = newName();
    const answer = await create({ externalId, taskIdentifier: "unknown" });
    expect([answer.status, answer.body]).toEqual([404, { error: "Task not found" }]);
    const ttl = await create({ externalId, triggerConfig: { basePayload: {}, ttl: "long" } });
    expect([ttl.status, ttl.body]).toEqual([422, { error: "Invalid ttl long" }]);
    expect((await get(externalId)).status).toBe(404);
  });

  const config = (changes: object) => ({ triggerConfig: { basePayload: {}, ...changes } });
  test.each<[string, object]>([
    ["type", { type: "" }],
    ["type", { type: "x".repeat(65) }],
    ["taskIdentifier", { taskIdentifier: "x".repeat(129) }],
    ["taskIdentifier", { taskIdentifier: "a\0" }],
    ["externalId", { externalId: " " }],
    ["externalId", { externalId: null }],
    ["externalId", { externalId: "session_1" }],
    ["externalId", { externalId: "x".repeat(257) }],
    ["externalId", { externalId: "\ud800" }],
    ["tags", { tags: Array(11).fill("t") }],
    ["tags.0", { tags: ["x".repeat(129)] }],
    ["metadata", { metadata: [] }],
    ["metadata", { metadata: null }],
    ["metadata", { metadata: JSON.parse('{"__proto__":{"polluted":1}}') }],
    ["expiresAt", { expiresAt: "when" }],
    ["triggerConfig", { triggerConfig: null }],
    ["triggerConfig.basePayload", { triggerConfig: {} }],
    ["triggerConfig.basePayload", { triggerConfig: { basePayload: "text" } }],
    ["triggerConfig.tags", config({ tags: Array(6).fill("t") })],
    ["triggerConfig.maxAttempts", config({ maxAttempts: 11 })],
    ["triggerConfig.maxAttempts", config({ maxAttempts: 0 })],
    ["triggerConfig.machine", config({ machine: "huge" })],
    ["triggerConfig.idleTimeoutInSeconds", config({ idleTimeoutInSeconds: 3601 })],
    ["triggerConfig.queue", config({ queue: "x".repeat(129) })],
  ])("%s of %j is 400", async (path, changes) => {
    const answer = await create(changes);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain(`at "${path}"`);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("S1 S2 S3 what is no body is a stable 4xx", async () => {
    const send = (text: string | Uint8Array) => api.call("POST", "/api/v1/sessions", text);
    expect((await send("")).body).toEqual({ error: "Request body is empty" });
    expect((await send("null")).body).toEqual({ error: "Invalid JSON" });
    expect((await send("{")).status).toBe(400);
    expect((await send(new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400);
    expect((await send("[".repeat(7_000))).status).toBe(400);
    expect(
      (await send(JSON.stringify(newSession({ metadata: { n: 1 } })).replace("1}", "1e400}"))).status,
    ).toBe(400);
    const large = await create({ metadata: { text: "x".repeat(32 * 1024) } });
    expect([large.status, large.body]).toEqual([413, { error: "Request body too large" }]);
    expect((await send(new Uint8Array(40_000))).status).toBe(413);
  });
});
