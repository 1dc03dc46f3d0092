import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEV_KEY, startTestServer, type TestServer } from "../../../server/test/server/test-server.ts";
import { type CreateSession, configure, runs, sessions } from "../../src/index.ts";
import { scriptedServer } from "./scripted-server.ts";

const input = (changes: Partial<CreateSession> = {}): CreateSession => ({
  type: "chat",
  taskIdentifier: "answer",
  triggerConfig: { basePayload: { user: 7 } },
  ...changes,
});

describe("the client and the server", () => {
  let api: TestServer;
  beforeAll(async () => {
    api = await startTestServer();
    configure({
      baseURL: "http://in-process",
      accessToken: DEV_KEY,
      fetch: api.server.fetch.bind(api.server),
    });
  });
  afterAll(async () => {
    configure({});
    expect(api.errors).toEqual([]);
    await api.server.close();
  });

  it("create, retrieve, update and close a session, by id and by external id, with dates as Dates", async () => {
    const externalId = "chat/1 ä";
    const expiresAt = new Date(Date.now() + 60_000);
    const created = await sessions.create(
      input({ externalId, tags: ["a"], metadata: { at: new Date(0) }, expiresAt }),
    );
    expect(created).toMatchObject({
      externalId,
      isCached: false,
      currentRunId: created.runId,
      metadata: { at: "1970-01-01T00:00:00.000Z" },
      closedAt: null,
      expiresAt,
      triggerConfig: { basePayload: { user: 7 } },
    });
    expect(created.createdAt).toBeInstanceOf(Date);
    expect((await runs.retrieve(created.runId)).payload).toEqual({ user: 7, sessionId: created.id });

    const again = await sessions.start(input({ externalId }));
    expect(again).toMatchObject({ id: created.id, runId: created.runId, isCached: true });
    const updated = await sessions.update(externalId, { metadata: { step: 2 } });
    expect(updated).toMatchObject({ id: created.id, tags: ["a"], metadata: { step: 2 } });
    expect(await sessions.retrieve(created.id)).toEqual(updated);
    expect((await sessions.update(created.id, { metadata: null, tags: [] })).metadata).toBeNull();
    const closed = await sessions.close(externalId, { reason: "done" });
    expect(closed.closedReason).toBe("done");
    expect(closed.closedAt).toBeInstanceOf(Date);
    expect((await sessions.close(created.id)).closedReason).toBe("done");
  });

  it("a closed session is refused at once, another externalId is refused, one that is not there is 404", async () => {
    await sessions.create(input({ externalId: "closed" }));
    await sessions.close("closed");
    await expect(sessions.create(input({ externalId: "closed" }))).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining("use a different externalId"),
    });
    await expect(sessions.update("closed", { externalId: "open" })).rejects.toMatchObject({ status: 422 });
    await expect(sessions.retrieve("nobody")).rejects.toMatchObject({ status: 404 });
  });

  it("list gives pages, and all of them when it is iterated", async () => {
    for (const n of [1, 2, 3]) {
      await sessions.create(input({ type: "listed", externalId: `listed-${n}`, tags: [`n${n}`] }));
    }
    await sessions.close("listed-1");
    const page = await sessions.list({ type: "listed", limit: 2 });
    expect(page.data.map((session) => session.externalId)).toEqual(["listed-3", "listed-2"]);
    expect((await page.getNextPage()).data.map((session) => session.externalId)).toEqual(["listed-1"]);
    const seen: (string | null)[] = [];
    for await (const session of sessions.list({ type: ["listed", "other"], limit: 1, from: new Date(0) })) {
      seen.push(session.externalId);
    }
    expect(seen).toEqual(["listed-3", "listed-2", "listed-1"]);
    const closed = await sessions.list({ type: "listed", status: ["CLOSED", "EXPIRED"], period: "1d" });
    expect(closed.data.map((session) => session.externalId)).toEqual(["listed-1"]);
    expect((await sessions.list({ tag: ["n2", "n3"] })).data).toHaveLength(2);
  });
});

describe("faults", () => {
  it("what cannot be metadata is refused before anything is sent", async () => {
    await using server = await scriptedServer([]);
    const large = { text: "x".repeat(32_756 - '{"text":""}'.length) };
    await expect(sessions.update("s", { metadata: { f: () => 1 } })).rejects.toMatchObject({
      code: "RUNMETA_METADATA_VALUE",
      path: "$.f",
    });
    await expect(sessions.update("s", { metadata: large })).rejects.toMatchObject({
      code: "RUNMETA_METADATA_SIZE",
      limitBytes: 32_755,
    });
    await expect(sessions.create(input({ metadata: [] as never }))).rejects.toMatchObject({
      code: "RUNMETA_METADATA_VALUE",
    });
    await expect(sessions.retrieve("..")).rejects.toMatchObject({ code: "RUNMETA_CONFIG" });
    expect(server.requests).toEqual([]);
  });

  it("a reply that is no session names the field", async () => {
    await using _ = await scriptedServer([{ body: { id: "session_1" } }]);
    await expect(sessions.retrieve("session_1")).rejects.toMatchObject({
      code: "RUNMETA_API",
      message: expect.stringContaining('"externalId"'),
    });
  });

  it("channels are refused, and say what to do", () => {
    expect(() => sessions.open("chat")).toThrow(
      expect.objectContaining({ code: "RUNMETA_NOT_SUPPORTED", feature: "sessions.open" }),
    );
  });
});
