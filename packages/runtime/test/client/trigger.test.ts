import { createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { ApiClient } from "../../src/client/api-client.ts";
import { apiClientKey } from "../../src/client/configure.ts";
import { idempotencyKeys } from "../../src/client/idempotency-keys.ts";
import { decodePacket } from "../../src/client/packet.ts";
import { tags } from "../../src/client/tags.ts";
import { triggerTask } from "../../src/client/trigger.ts";
import { runInScope } from "../../src/context/context-storage.ts";
import { fakeScope } from "./fake-scope.ts";
import { scriptedServer, TOKEN } from "./scripted-server.ts";

const triggered = { body: { id: "run_1", isCached: false } };
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("triggerTask", () => {
  it("sends the payload as superjson, so that a Date stays a Date", async () => {
    await using server = await scriptedServer([triggered]);
    const payload = { at: new Date(0), n: 1n, set: new Set(["a"]) };
    expect(await triggerTask("my/task", payload)).toEqual({
      id: "run_1",
      taskIdentifier: "my/task",
      isCached: false,
    });
    const [request] = server.requests;
    expect(request?.method).toBe("POST");
    expect(request?.path).toBe("/api/v1/tasks/my%2Ftask/trigger");
    const body = request?.json as { payload: string; options: { payloadType: string } };
    expect(body.options.payloadType).toBe("application/super+json");
    expect(await decodePacket({ data: body.payload, dataType: body.options.payloadType })).toEqual(payload);
  });

  it("sends every option under its name on the wire, and nothing that was not given", async () => {
    await using server = await scriptedServer([triggered, triggered]);
    await triggerTask("t", "text", {
      metadata: { date: new Date(0), gone: undefined },
      tags: ["a", "b"],
      idempotencyKeyTTL: "1h",
      delay: new Date(5),
      ttl: "10m",
      maxAttempts: 3,
      maxDuration: 60,
      queue: "q",
      concurrencyKey: "k",
      priority: 2,
      machine: "small-1x",
      version: "1.0",
    });
    expect(server.requests[0]?.json).toEqual({
      payload: "text",
      options: {
        payloadType: "text/plain",
        metadata: { date: "1970-01-01T00:00:00.000Z" },
        tags: ["a", "b"],
        idempotencyKeyTTL: "1h",
        delay: "1970-01-01T00:00:00.005Z",
        ttl: "10m",
        maxAttempts: 3,
        maxDuration: 60,
        queue: { name: "q" },
        concurrencyKey: "k",
        priority: 2,
        machine: "small-1x",
        lockToVersion: "1.0",
      },
    });
    await triggerTask("t", undefined, { metadata: undefined });
    expect(server.requests[1]?.json).toEqual({ options: { payloadType: "application/json" } });
  });

  it("makes the current run the parent, and gives the token of the reply", async () => {
    await using server = await scriptedServer([{ ...triggered, headers: { "x-trigger-jwt": "jwt" } }]);
    const run = await runInScope(fakeScope({ id: "run_mother" }), () => triggerTask("t", {}));
    expect(run.publicAccessToken).toBe("jwt");
    expect(server.requests[0]?.json).toMatchObject({ options: { parentRunId: "run_mother" } });
  });

  it("uses the current run's own client before the configured one", async () => {
    await using own = await scriptedServer([triggered]);
    await using configured = await scriptedServer([]);
    const attachments = new Map<symbol, unknown>([
      [apiClientKey, new ApiClient({ baseURL: own.url, accessToken: TOKEN })],
    ]);
    await runInScope(fakeScope({ attachments }), () => triggerTask("t", {}));
    expect(own.requests).toHaveLength(1);
    expect(configured.requests).toHaveLength(0);
  });

  it.each([
    ["an array", [1]],
    ["a string", "text"],
    ["a number", 1],
    ["null", null],
    ["a function", () => {}],
    [
      "a class instance",
      new (class Point {
        x = 1;
      })(),
    ],
    ["a Map", new Map()],
    ["a Date", new Date()],
  ])("refuses %s as metadata before anything is sent", async (_, metadata) => {
    await using server = await scriptedServer([]);
    const error = await triggerTask("t", {}, { metadata: metadata as never }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: "RUNMETA_METADATA_VALUE",
      path: "$",
      message: expect.stringMatching(/metadata at \$/),
    });
    expect(server.requests).toHaveLength(0);
  });

  it("names the path of a value inside the metadata that cannot be kept", async () => {
    await using server = await scriptedServer([]);
    const metadata = { user: { onClick: () => {} } };
    await expect(triggerTask("t", {}, { metadata })).rejects.toMatchObject({ path: "$.user.onClick" });
    expect(server.requests).toHaveLength(0);
  });

  it("holds metadata to the current run's limit, else to 4,096 bytes", async () => {
    await using server = await scriptedServer([triggered, triggered]);
    const metadata = { text: "x".repeat(4_096 - '{"text":""}'.length) };
    await triggerTask("t", {}, { metadata });
    await expect(triggerTask("t", {}, { metadata: { ...metadata, b: 1 } })).rejects.toMatchObject({
      code: "RUNMETA_METADATA_SIZE",
      limitBytes: 4_096,
    });
    const small = fakeScope({ limitBytes: 20 });
    await expect(runInScope(small, () => triggerTask("t", {}, { metadata }))).rejects.toMatchObject({
      limitBytes: 20,
    });
    expect(server.requests).toHaveLength(1);
  });

  it("sends what the metadata was at the call", async () => {
    await using server = await scriptedServer([triggered]);
    const metadata: Record<string, unknown> = { a: 1 };
    const sent = triggerTask("t", {}, { metadata });
    metadata.a = 2;
    await sent;
    expect(server.requests[0]?.json).toMatchObject({ options: { metadata: { a: 1 } } });
  });

  it("names the field of a reply without an id", async () => {
    await using _ = await scriptedServer([{ body: { isCached: true } }]);
    await expect(triggerTask("t", {})).rejects.toMatchObject({
      code: "RUNMETA_API",
      message: expect.stringContaining('"id"'),
    });
  });

  it.each(["", ".", ".."])("refuses the task id %j, which would call something else", async (id) => {
    await using server = await scriptedServer([]);
    await expect(triggerTask(id, {})).rejects.toMatchObject({ code: "RUNMETA_CONFIG" });
    expect(server.requests).toHaveLength(0);
  });
});

describe("idempotency keys", () => {
  it("are the SHA-256 that the official client makes", async () => {
    expect(await idempotencyKeys.create("k")).toBe(sha256("k"));
    expect(await idempotencyKeys.create(["a", "b"])).toBe(sha256("a-b"));
    const scope = fakeScope({ id: "run_1", attempt: 2 });
    await runInScope(scope, async () => {
      expect(await idempotencyKeys.create("k")).toBe(sha256("k-run_1"));
      expect(await idempotencyKeys.create("k", { scope: "run" })).toBe(sha256("k-run_1"));
      expect(await idempotencyKeys.create("k", { scope: "attempt" })).toBe(sha256("k-run_1-2"));
      expect(await idempotencyKeys.create("k", { scope: "global" })).toBe(sha256("k"));
    });
  });

  it("travel as the hash with what the caller wrote; a made key is not hashed again", async () => {
    await using server = await scriptedServer([triggered, triggered]);
    await triggerTask("t", {}, { idempotencyKey: ["order", "7"] });
    const made = await idempotencyKeys.create("k", { scope: "global" });
    await triggerTask("t", {}, { idempotencyKey: made });
    const options = server.requests.map((request) => (request.json as { options: unknown }).options);
    expect(options[0]).toMatchObject({
      idempotencyKey: sha256("order-7"),
      idempotencyKeyOptions: { key: "order-7", scope: "run" },
    });
    expect(options[1]).toMatchObject({
      idempotencyKey: made,
      idempotencyKeyOptions: { key: "k", scope: "global" },
    });
  });

  it("refuse an unknown scope and an empty list", async () => {
    await expect(idempotencyKeys.create("k", { scope: "planet" as never })).rejects.toMatchObject({
      code: "RUNMETA_CONFIG",
    });
    await expect(idempotencyKeys.create([])).rejects.toMatchObject({ code: "RUNMETA_CONFIG" });
  });
});

describe("tags.add", () => {
  it("adds to the current run, and says what to do outside one", async () => {
    await using server = await scriptedServer([{ body: { message: "Successfully set 1 new tags." } }]);
    await runInScope(fakeScope({ id: "run_9" }), () => tags.add("a"));
    expect(server.requests[0]).toMatchObject({
      method: "POST",
      path: "/api/v1/runs/run_9/tags",
      json: { tags: "a" },
    });
    await expect(tags.add("a")).rejects.toMatchObject({ code: "RUNMETA_NOT_SUPPORTED" });
  });

  it("warns of tags that the server refuses, and rejects when it could not be asked", async () => {
    const replies = [
      { status: 422, body: { error: "Runs can have no more than 10 tags" } },
      { status: 403, body: { error: "no" } },
    ];
    await using _server = await scriptedServer(replies);
    const warn = vi.fn();
    await runInScope(fakeScope({ warn }), () => tags.add(["a", "b"]));
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      "TAGS_REFUSED",
      expect.stringMatching(/^The tags \["a","b"\] were not added: .*no more than 10 tags/),
    );
    await expect(runInScope(fakeScope({ warn }), () => tags.add("c"))).rejects.toMatchObject({ status: 403 });
    expect(warn).toHaveBeenCalledOnce();
  });
});
