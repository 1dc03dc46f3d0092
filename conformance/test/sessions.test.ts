import { sessions } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { onEveryDatabase } from "./api.ts";
import { DEV_KEY, PROD_KEY } from "./keys.ts";
import { claimsOf } from "./tokens.ts";

const base = { type: "chat", taskIdentifier: "agent", triggerConfig: { basePayload: { hello: 1 } } };
let serial = 0;
/** An external id that no other test has. */
const fresh = () => `user:${++serial}`;

onEveryDatabase((api) => {
  const send = (method: string, path: string, body?: unknown, key: string | null = DEV_KEY) =>
    api.plain(method, `/api/v1/sessions${path}`, { ...(body === undefined ? {} : { body }), key });

  describe("sessions.start", () => {
    test("makes a session and its first run", async () => {
      const externalId = fresh();
      const started = await sessions.start({ ...base, externalId, tags: ["a"], metadata: { n: 1 } });
      expect(started).toMatchObject({
        id: expect.stringMatching(/^session_/),
        externalId,
        type: "chat",
        taskIdentifier: "agent",
        tags: ["a"],
        metadata: { n: 1 },
        closedAt: null,
        closedReason: null,
        expiresAt: null,
        isCached: false,
        runId: expect.stringMatching(/^run_/),
        publicAccessToken: expect.any(String),
      });
      const run = await api.client().retrieveRun(started.runId);
      expect(run).toMatchObject({ taskIdentifier: "agent", status: "QUEUED" });
      expect(claimsOf(started.publicAccessToken).scopes).toEqual(
        expect.arrayContaining([`read:sessions:${externalId}`, `write:sessions:${externalId}`]),
      );
    });

    test("keeps what its runs are triggered with, as the server understood it", async () => {
      const triggerConfig = { ...base.triggerConfig, machine: "micro", concurrencyKey: 5 } as const;
      const { id } = await sessions.start({ ...base, triggerConfig } as never);
      expect((await sessions.retrieve(id)).triggerConfig).toMatchObject({
        machine: "micro",
        concurrencyKey: "5",
      });
    });

    test("the same external id is the same session, and keeps its tags and metadata", async () => {
      const externalId = fresh();
      const first = await sessions.start({ ...base, externalId, tags: ["a"], metadata: { n: 1 } });
      const second = await sessions.start({ ...base, externalId, tags: ["b"], metadata: { n: 2 } });
      expect(second).toMatchObject({
        id: first.id,
        isCached: true,
        tags: ["a"],
        metadata: { n: 1 },
        runId: first.runId,
      });
      await api.client().cancelRun(first.runId);
      const third = await sessions.start({ ...base, externalId });
      expect(third.id).toBe(first.id);
      expect(third.runId).not.toBe(first.runId);
    });

    test("201 for a new one, 200 for one that is there, and all fields stand in the reply", async () => {
      const body = { ...base, externalId: fresh() };
      const first = await send("POST", "", body);
      expect([first.status, (await send("POST", "", body)).status]).toEqual([201, 200]);
      for (const field of ["externalId", "metadata", "closedAt", "closedReason", "expiresAt"])
        expect(first.body).toHaveProperty(field);
    });

    test("a closed one is 409 at once, without retries", async () => {
      const body = { ...base, externalId: fresh() };
      await send("POST", "", body);
      await sessions.close(body.externalId);
      const answer = await send("POST", "", body);
      expect([answer.status, answer.body.error, answer.headers.get("x-should-retry")]).toEqual([
        409,
        "Session is closed; use a different externalId to create a new session",
        "false",
      ]);
    });

    test.each([
      ["no type", { ...base, type: undefined }],
      ["a type of 65 characters", { ...base, type: "x".repeat(65) }],
      ["no task", { ...base, taskIdentifier: "" }],
      ["no triggerConfig", { ...base, triggerConfig: undefined }],
      ["no basePayload", { ...base, triggerConfig: {} }],
      [
        "six tags for its runs",
        { ...base, triggerConfig: { basePayload: {}, tags: ["1", "2", "3", "4", "5", "6"] } },
      ],
      ["an external id like an id", { ...base, externalId: "session_x" }],
      ["an external id of spaces", { ...base, externalId: "  " }],
      ["an external id of 257 characters", { ...base, externalId: "x".repeat(257) }],
      ["eleven tags", { ...base, tags: Array.from({ length: 11 }, String) }],
      ["metadata that is a list", { ...base, metadata: [] }],
    ])("%s is 400", async (_name, body) => {
      const answer = await send("POST", "", body);
      expect([answer.status, typeof answer.body.error]).toEqual([400, "string"]);
    });
  });

  describe("sessions.retrieve, update and close", () => {
    test("by id and by external id", async () => {
      const externalId = `with/slash & ${fresh()}`;
      const { id } = await sessions.start({ ...base, externalId });
      expect((await sessions.retrieve(id)).externalId).toBe(externalId);
      expect((await sessions.retrieve(externalId)).id).toBe(id);
      const missing = await send("GET", "/session_none");
      expect([missing.status, missing.text]).toEqual([404, '{"error":"Not found"}']);
      expect((await send("GET", `/${id}`, undefined, PROD_KEY)).status).toBe(404);
    });

    test("update replaces metadata whole, null clears it, what is left out stays", async () => {
      const externalId = fresh();
      const { id } = await sessions.start({ ...base, externalId, tags: ["a"], metadata: { a: 1 } });
      expect(await sessions.update(id, { metadata: { b: 2 } })).toMatchObject({
        metadata: { b: 2 },
        tags: ["a"],
      });
      expect(await sessions.update(id, { tags: ["b", "c"] })).toMatchObject({
        metadata: { b: 2 },
        tags: ["b", "c"],
      });
      expect(await sessions.update(id, { metadata: null })).toMatchObject({ metadata: null });
      expect(await sessions.update(id, {})).toMatchObject({ metadata: null, tags: ["b", "c"] });
      expect(await sessions.update(id, { externalId })).toMatchObject({ id, externalId });
    });

    test("what an update refuses", async () => {
      const { id } = await sessions.start({ ...base, externalId: fresh() });
      for (const externalId of ["other", null]) {
        const answer = await send("PATCH", `/${id}`, { externalId });
        expect([answer.status, answer.body.error]).toEqual([
          422,
          "externalId cannot be changed after creation; close this session and create a new one with the desired externalId",
        ]);
      }
      const without = await sessions.start(base);
      expect((await send("PATCH", `/${without.id}`, { externalId: "late" })).status).toBe(422);
      expect((await send("PATCH", `/${id}`, { metadata: { k: "x".repeat(33 * 1024) } })).status).toBe(422);
      for (const body of [
        { tags: Array.from({ length: 11 }, String) },
        { tags: ["x".repeat(129)] },
        { metadata: [] },
        { metadata: "x" },
      ])
        expect((await send("PATCH", `/${id}`, body)).status).toBe(422);
      const missing = await send("PATCH", "/session_none", { tags: [] });
      expect([missing.status, missing.text]).toEqual([404, '{"error":"Session not found"}']);
    });

    test("the session's own token may read it, and neither update nor close it", async () => {
      const started = await sessions.start({ ...base, externalId: fresh() });
      const token = started.publicAccessToken;
      expect((await send("GET", `/${started.externalId}`, undefined, token)).status).toBe(200);
      expect((await send("PATCH", `/${started.id}`, { tags: [] }, token)).status).toBe(403);
      expect((await send("POST", `/${started.id}/close`, {}, token)).status).toBe(403);
      expect((await send("PATCH", `/${started.id}`, { tags: [] }, "tr_dev_wrong")).status).toBe(401);
      expect((await send("PATCH", `/${started.id}`, { tags: [] }, null)).status).toBe(401);
    });

    test("the first close wins", async () => {
      const { id } = await sessions.start({ ...base, externalId: fresh() });
      const first = await sessions.close(id, { reason: "done" });
      expect(first).toMatchObject({ closedReason: "done" });
      expect(first.closedAt).toBeInstanceOf(Date);
      expect(await sessions.close(id, { reason: "again" })).toMatchObject({
        closedReason: "done",
        closedAt: first.closedAt,
      });
      const missing = await send("POST", "/session_none/close", {});
      expect([missing.status, missing.text]).toEqual([404, '{"error":"Session not found"}']);
      expect((await send("POST", `/${id}/close`, { reason: "x".repeat(257) })).status).toBe(400);
    });
  });

  describe("sessions.list", () => {
    test("pages and filters as the client sends them", async () => {
      const type = `list-${fresh()}`;
      const made: string[] = [];
      for (let index = 0; index < 5; index++) {
        const { id } = await sessions.start({
          ...base,
          type,
          externalId: `${type}-${index}`,
          tags: [`n:${index}`],
        });
        made.unshift(id);
      }
      await sessions.close(made[0] ?? "");
      const ids = async (filter: object) =>
        (await sessions.list({ type, ...filter } as never)).data.map(({ id }) => id);
      expect(await ids({})).toEqual(made);
      expect(await ids({ status: "CLOSED" })).toEqual(made.slice(0, 1));
      expect(await ids({ status: ["ACTIVE", "CLOSED"] })).toEqual(made);
      expect(await ids({ tag: ["n:0", "n:1"] })).toEqual(made.slice(3));
      expect(await ids({ externalId: `${type}-2` })).toEqual(made.slice(2, 3));
      expect(await ids({ taskIdentifier: "other" })).toEqual([]);
      expect(await ids({ period: "1h" })).toEqual(made);
      const all: string[] = [];
      for await (const session of sessions.list({ type, limit: 2 })) all.push(session.id);
      expect(all).toEqual(made);
      const page = await sessions.list({ type, limit: 2 });
      const second = await page.getNextPage();
      expect((await second.getPreviousPage()).data.map(({ id }) => id)).toEqual(made.slice(0, 2));
    });

    test.each(["filter[status]=GONE", "page[size]=101", "page[size]=0"])(
      "?%s is 400 Query Error",
      async (query) => {
        const answer = await send("GET", `?${query}`);
        expect([answer.status, answer.body.error]).toEqual([400, "Query Error"]);
      },
    );
  });
});
