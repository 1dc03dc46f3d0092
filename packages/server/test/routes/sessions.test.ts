import { createdSessionReply, listSessionsReply, sessionItem } from "@runmeta/runtime/protocol/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noEngine } from "../../src/index.ts";
import { bearer, signToken } from "../auth/sign-token.ts";
import { PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer({ engine: { ...noEngine(), knows: (task) => task !== "unknown" } });
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

let names = 0;
const newName = () => `chat/${(names += 1)} ä`;
const body = (changes: object = {}) => ({
  type: "chat",
  taskIdentifier: "answer",
  triggerConfig: { basePayload: { user: 7 } },
  ...changes,
});
const create = (changes: object = {}, headers: Record<string, string> = {}) =>
  api.call("POST", "/api/v1/sessions", body(changes), headers);
const pathOf = (session: string) => `/api/v1/sessions/${encodeURIComponent(session)}`;
const get = (session: string) => api.call("GET", pathOf(session));
const patch = (session: string, changes: unknown, headers: Record<string, string> = {}) =>
  api.call("PATCH", pathOf(session), changes, headers);
const close = (session: string, given?: unknown) => api.call("POST", `${pathOf(session)}/close`, given);
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
    expect((await send(JSON.stringify(body({ metadata: { n: 1 } })).replace("1}", "1e400}"))).status).toBe(
      400,
    );
    const large = await create({ metadata: { text: "x".repeat(32 * 1024) } });
    expect([large.status, large.body]).toEqual([413, { error: "Request body too large" }]);
    expect((await send(new Uint8Array(40_000))).status).toBe(413);
  });
});

describe("GET /api/v1/sessions/{session}", () => {
  test("finds a session by id and by an external id with any characters", async () => {
    const externalId = "a/b ?#%2F&:ä😀";
    const { id } = (await create({ externalId })).body;
    const found = await get(externalId);
    expect(found.status).toBe(200);
    expect(sessionItem.safeParse(found.body).success).toBe(true);
    expect(found.body).toEqual((await get(id)).body);
    expect(found.body).toMatchObject({ id, externalId, triggerConfig: { basePayload: { user: 7 } } });
  });

  test.each([
    ["session_none"],
    ["nobody"],
    ["%00"],
    ["%ED%A0%80"],
    ["%"],
    ["..%2Fruns"],
    ["x".repeat(10_000)],
  ])("%s is 404", async (name) => {
    const answer = await api.call("GET", `/api/v1/sessions/${name}`);
    expect([answer.status, answer.body]).toEqual([404, { error: "Not found" }]);
  });

  test("a session of another environment is not there", async () => {
    const { id } = (await create()).body;
    const answer = await api.call("GET", pathOf(id), undefined, { authorization: `Bearer ${PROD_KEY}` });
    expect(answer.status).toBe(404);
  });
});

describe("PATCH /api/v1/sessions/{session}", () => {
  test("replaces what is named, clears metadata with null, and leaves the rest", async () => {
    const externalId = newName();
    const before = (await create({ externalId, tags: ["t"], metadata: { a: 1, b: 2 } })).body;
    const replaced = await patch(externalId, { metadata: { c: "\0\ud800" } });
    expect(replaced.status).toBe(200);
    expect(replaced.body).toMatchObject({ id: before.id, tags: ["t"], metadata: { c: "\0\ud800" } });
    expect(Date.parse(replaced.body.updatedAt)).toBeGreaterThan(Date.parse(before.updatedAt));
    expect((await patch(before.id, { tags: [] })).body).toMatchObject({
      tags: [],
      metadata: { c: "\0\ud800" },
    });
    expect((await patch(externalId, { metadata: null })).body).toMatchObject({ metadata: null });
    expect((await patch(externalId, {})).body).toMatchObject({ metadata: null, tags: [], externalId });
    expect((await get(externalId)).body.metadata).toBeNull();
  });

  test("externalId is read-only: the same value changes nothing, any other is 422", async () => {
    const refusal = {
      error:
        "externalId cannot be changed after creation; close this session and create a new one with the desired externalId",
    };
    const externalId = newName();
    const named = (await create({ externalId })).body;
    const unnamed = (await create()).body;
    expect((await patch(named.id, { externalId, tags: ["x"] })).body.tags).toEqual(["x"]);
    expect((await patch(unnamed.id, { externalId: null })).status).toBe(200);
    for (const [id, value] of [
      [named.id, "other"],
      [named.id, null],
      [unnamed.id, "first"],
    ]) {
      const answer = await patch(id, { externalId: value, tags: ["lost"] });
      expect([answer.status, answer.body]).toEqual([422, refusal]);
    }
    expect((await get(named.id)).body.tags).toEqual(["x"]);
  });

  test.each<[unknown]>([
    [{ tags: Array(11).fill("t") }],
    [{ tags: ["x".repeat(129)] }],
    [{ tags: "t" }],
    [{ tags: null }],
    [{ metadata: [] }],
    [{ metadata: "text" }],
    [{ metadata: JSON.parse('{"a":{"__proto__":1}}') }],
    [{ externalId: "" }],
    [[]],
    [""],
    ["null"],
    ["{"],
    ['{"metadata":{"n":1e400}}'],
    ["[".repeat(7_000)],
  ])("S2 S3 %j is 422 and changes nothing", async (changes) => {
    const { id } = (await create({ metadata: { n: 1 } })).body;
    const answer = await patch(id, changes);
    expect(answer.status).toBe(422);
    expect(answer.body.error).toEqual(expect.any(String));
    expect((await get(id)).body).toMatchObject({ metadata: { n: 1 }, tags: [] });
  });

  test("S1 a body of 32 KB is taken, one byte more is 422", async () => {
    const { id } = (await create()).body;
    const text = (bytes: number) => `{"metadata":{"t":"${"x".repeat(bytes - 21)}"}}`;
    expect(text(32_768)).toHaveLength(32_768);
    expect((await patch(id, text(32_768))).status).toBe(200);
    const answer = await patch(id, text(32_769));
    expect([answer.status, answer.body]).toEqual([422, { error: "Request body too large" }]);
  });

  test("a session that is not there is 404", async () => {
    const answer = await patch("nobody", { tags: [] });
    expect([answer.status, answer.body]).toEqual([404, { error: "Session not found" }]);
  });
});

describe("POST /api/v1/sessions/{session}/close", () => {
  test("closes once: the first reason stays, its run goes on, metadata can still be written", async () => {
    const externalId = newName();
    const { id, runId } = (await create({ externalId })).body;
    const closed = await close(externalId, { reason: "done", callingRunId: runId });
    expect(closed.status).toBe(200);
    expect(closed.body).toMatchObject({ id, closedReason: "done", closedAt: expect.any(String) });
    const again = await close(id, { reason: "again" });
    expect(again.body).toMatchObject({ closedReason: "done", closedAt: closed.body.closedAt });
    expect((await api.call("GET", `/api/v3/runs/${runId}`)).body.status).toBe("QUEUED");
    expect((await patch(id, { metadata: { late: true } })).body.metadata).toEqual({ late: true });
  });

  test("needs no body; refuses a reason that is too long, a body over 1 KB, and a session that is not there", async () => {
    const { id } = (await create()).body;
    expect((await close(id, { reason: "x".repeat(257) })).status).toBe(400);
    expect((await close(id, { reason: "x".repeat(2_000) })).status).toBe(413);
    expect((await close(id)).body).toMatchObject({ closedReason: null, closedAt: expect.any(String) });
    const missing = await close("nobody");
    expect([missing.status, missing.body]).toEqual([404, { error: "Session not found" }]);
  });

  test("two at once: one reason wins, both see it", async () => {
    const { id } = (await create()).body;
    const answers = await Promise.all(["a", "b", "c"].map((reason) => close(id, { reason })));
    expect(new Set(answers.map((answer) => answer.body.closedReason)).size).toBe(1);
  });
});

test("chat's own routes are not there", async () => {
  const { id } = (await create()).body;
  for (const rest of ["end-and-continue", "snapshot-url", "transcript"]) {
    expect((await api.call("POST", `${pathOf(id)}/${rest}`, {})).status).toBe(404);
  }
});

describe("who may", () => {
  const as = async (scopes: readonly string[]) => bearer(await signToken(scopes));

  test("a session's own token reads it by either name, and writes nothing", async () => {
    const externalId = newName();
    const { id, publicAccessToken } = (await create({ externalId })).body;
    const token = bearer(publicAccessToken);
    expect((await api.call("GET", pathOf(externalId), undefined, token)).status).toBe(200);
    expect((await api.call("GET", pathOf(id), undefined, token)).status).toBe(200);
    for (const answer of [
      await patch(externalId, { tags: [] }, token),
      await api.call("POST", `${pathOf(externalId)}/close`, {}, token),
      await api.call("POST", "/api/v1/sessions", body(), token),
      await api.call("GET", "/api/v1/sessions", undefined, token),
    ]) {
      expect([answer.status, answer.body]).toEqual([
        403,
        { error: "Unauthorized", code: "unauthorized", param: "access_token", type: "authorization" },
      ]);
    }
    const other = (await create()).body;
    expect((await api.call("GET", pathOf(other.id), undefined, token)).status).toBe(403);
  });

  test("scopes open create and list as for tasks", async () => {
    expect((await create({}, await as(["write:tasks:answer"]))).status).toBe(201);
    expect((await create({}, await as(["write:sessions"]))).status).toBe(201);
    expect((await create({}, await as(["write:tasks:other"]))).status).toBe(403);
    const list = async (query: string, scope: string) =>
      (await api.call("GET", `/api/v1/sessions?${query}`, undefined, await as([scope]))).status;
    expect(await list("", "read:sessions")).toBe(200);
    expect(await list("filter[taskIdentifier]=answer", "read:tasks:answer")).toBe(200);
    expect(await list("filter[taskIdentifier]=answer,other", "read:tasks:answer")).toBe(403);
  });

  test("A1 a bad key and a bad token are 401, on PATCH too", async () => {
    const { id } = (await create()).body;
    const asWhom = async (authorization: string) => {
      const answer = await patch(id, { tags: [] }, { authorization });
      return [answer.status, answer.body.error];
    };
    expect(await asWhom("Bearer tr_dev_nobody")).toEqual([401, "Invalid API key"]);
    expect(await asWhom("Bearer a.b.c")).toEqual([401, "Public Access Token is invalid"]);
    const foreign = await signToken(["admin"], { key: "tr_dev_foreign" });
    expect(await asWhom(`Bearer ${foreign}`)).toEqual([401, "Public Access Token is invalid"]);
  });
});

describe("GET /api/v1/sessions", () => {
  /** Newest first; in an environment of their own. */
  const ids: string[] = [];
  const production = { authorization: `Bearer ${PROD_KEY}` };
  const list = (query: string) => api.call("GET", `/api/v1/sessions?${query}`, undefined, production);
  const listed = async (query: string) =>
    (await list(query)).body.data
      .filter(({ type }: { type: string }) => type.startsWith("listed"))
      .map(({ id }: { id: string }) => id);
  const make = async (index: number) => {
    const changes = {
      type: `listed-${index % 2}`,
      externalId: `listed ${index}`,
      tags: [`n${index}`],
      taskIdentifier: index === 0 ? "first" : "answer",
      metadata: { index },
      ...(index === 3 ? { expiresAt: new Date(Date.now() + 86_400_000).toISOString() } : {}),
    };
    ids.unshift((await create(changes, production)).body.id);
  };
  beforeAll(async () => {
    for (let index = 0; index < 5; index++) await make(index);
    await api.call("POST", `${pathOf("listed 1")}/close`, {}, production);
  });

  test("walks forth and back, newest first", async () => {
    const type = "filter[type]=listed-0,listed-1";
    const first = (await list(`${type}&page[size]=2`)).body;
    expect(listSessionsReply.safeParse(first).success).toBe(true);
    expect(first.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    expect(first.data[0]).not.toHaveProperty("triggerConfig");
    expect(first.data[0]).toMatchObject({ metadata: { index: 4 }, currentRunId: expect.any(String) });
    expect(Object.keys(first.pagination)).toEqual(["next"]);
    const second = (await list(`${type}&page[size]=2&page[after]=${first.pagination.next}`)).body;
    expect(second.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(2, 4));
    const third = (await list(`${type}&page[size]=2&page[after]=${second.pagination.next}`)).body;
    expect(third.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(4));
    expect(Object.keys(third.pagination)).toEqual(["previous"]);
    const back = (await list(`${type}&page[size]=2&page[before]=${third.pagination.previous}`)).body;
    expect(back.data).toEqual(second.data);
    // Where a client goes back, the cursor by which it went forward is still there.
    const both = `page[after]=${second.pagination.next}&page[before]=${third.pagination.previous}`;
    expect((await list(`${type}&page[size]=2&${both}`)).body).toEqual(back);
  });

  test("filters, several values split at commas", async () => {
    expect(await listed("filter[type]=listed-1")).toEqual([ids[1], ids[3]]);
    expect(await listed("filter[tags]=n0,n4")).toEqual([ids[0], ids[4]]);
    expect(await listed("filter[taskIdentifier]=first")).toEqual([ids[4]]);
    expect(await listed("filter[externalId]=listed 2")).toEqual([ids[2]]);
    expect(await listed("filter[status]=CLOSED")).toEqual([ids[3]]);
    expect(await listed("filter[status]=CLOSED,EXPIRED")).toEqual([ids[3]]);
    expect(await listed("filter[status]=ACTIVE")).toEqual([ids[0], ids[1], ids[2], ids[4]]);
    expect(await listed("filter[createdAt][period]=1d")).toHaveLength(5);
    expect(await listed(`filter[createdAt][from]=${Date.now() + 60_000}`)).toEqual([]);
    expect(await listed(`filter[createdAt][to]=${new Date(0).toISOString()}`)).toEqual([]);
    expect(await listed("filter[tags]=&page[after]=session_unknown")).toEqual([]);
  });

  test.each([
    ["page[size]=0", "page[size]"],
    ["page[size]=101", "page[size]"],
    ["page[after]='%20OR%201=1", "page[after]"],
    ["filter[status]=FOOBAR", "filter[status]"],
    ["filter[createdAt][period]=long", "filter[createdAt][period]"],
    ["filter[createdAt][from]=when", "filter[createdAt][from]"],
    ["filter[createdAt][to]=999999999999999", "filter[createdAt][to]"],
    ["filter[tags]=%00", "filter[tags]"],
    ["filter[externalId]=%00", "filter[externalId]"],
  ])("%s is a Query Error", async (query, parameter) => {
    const answer = await list(query);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      error: "Query Error",
      details: [
        expect.objectContaining({
          code: expect.any(String),
          message: expect.any(String),
          path: expect.arrayContaining([parameter]),
        }),
      ],
    });
  });
});
