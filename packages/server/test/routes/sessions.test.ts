import { sessionItem } from "@runmeta/runtime/protocol/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, signToken } from "../auth/sign-token.ts";
import { PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { newName, newSession, pathOf, sessionCalls } from "./session-calls.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});
const { create, get, patch, close } = sessionCalls(() => api);

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
      await api.call("POST", "/api/v1/sessions", newSession(), token),
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
