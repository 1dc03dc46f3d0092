import { auth, batch, runs, tasks } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { onEveryDatabase } from "./api.ts";
import { PROD_KEY } from "./keys.ts";

onEveryDatabase((api) => {
  const as = async <T>(accessToken: string, body: () => Promise<T>): Promise<T> =>
    await auth.withAuth({ baseURL: api.url, accessToken }, body);
  const get = (path: string, key: string) => api.plain("GET", path, { key });

  describe("POST /api/v1/auth/jwt/claims", () => {
    test("tells the environment of the key", async () => {
      const answer = await api.plain("POST", "/api/v1/auth/jwt/claims");
      expect([answer.status, answer.body]).toEqual([200, { sub: expect.any(String), pub: true }]);
      const prod = await api.plain("POST", "/api/v1/auth/jwt/claims", { key: PROD_KEY });
      expect(prod.body.sub).not.toBe(answer.body.sub);
    });

    test("takes a secret key only", async () => {
      const none = await api.plain("POST", "/api/v1/auth/jwt/claims", { key: null });
      expect([none.status, none.text]).toEqual([401, '{"error":"Invalid or Missing API key"}']);
      const token = await auth.createPublicToken({ scopes: { admin: true } } as never);
      expect((await api.plain("POST", "/api/v1/auth/jwt/claims", { key: token })).status).toBe(401);
    });
  });

  describe("auth.createPublicToken", () => {
    test.each([
      ["the run", (id: string) => ({ read: { runs: id } })],
      ["all runs", () => ({ read: { runs: true } })],
      ["its task", () => ({ read: { tasks: "hello" } })],
      ["its tag", () => ({ read: { tags: ["other", "user:1"] } })],
    ])("reading by %s", async (_name, scopes) => {
      const id = await api.run({ tags: ["user:1", "x"] });
      const token = await auth.createPublicToken({ scopes: scopes(id) as never });
      expect((await as(token, () => runs.retrieve(id))).id).toBe(id);
    });

    test.each([
      ["no scopes", undefined],
      ["another run", { read: { runs: "run_other" } }],
      ["another task", { read: { tasks: "other" } }],
      ["another tag", { read: { tags: "other" } }],
      ["writing only", { write: { runs: true } }],
      ["triggering only", { trigger: { tasks: "hello" } }],
    ])("%s is 403 with the official body", async (_name, scopes) => {
      const id = await api.run({ tags: ["user:1"] });
      const token = await auth.createPublicToken((scopes === undefined ? {} : { scopes }) as never);
      const answer = await get(`/api/v3/runs/${id}`, token);
      expect([answer.status, answer.body]).toEqual([
        403,
        { error: "Unauthorized", code: "unauthorized", param: "access_token", type: "authorization" },
      ]);
    });

    test("listing, cancelling and triggering each need a scope of their own", async () => {
      const id = await api.run();
      const status = async (scopes: object, method: string, path: string, body?: unknown) => {
        const key = await auth.createPublicToken({ scopes: scopes as never });
        return (await api.plain(method, path, { key, ...(body === undefined ? {} : { body }) })).status;
      };
      const list = "/api/v1/runs";
      expect(await status({ read: { runs: true } }, "GET", list)).toBe(200);
      expect(await status({ read: { runs: id } }, "GET", list)).toBe(403);
      expect(await status({ read: { tasks: "hello" } }, "GET", `${list}?filter[taskIdentifier]=hello`)).toBe(
        200,
      );
      expect(
        await status({ read: { tasks: "hello" } }, "GET", `${list}?filter[taskIdentifier]=hello,other`),
      ).toBe(403);
      const cancel = `/api/v2/runs/${id}/cancel`;
      expect(await status({ read: { runs: id } }, "POST", cancel)).toBe(403);
      expect(await status({ write: { runs: id } }, "POST", cancel)).toBe(200);
      const trigger = "/api/v1/tasks/hello/trigger";
      expect(await status({ read: { tasks: "hello" } }, "POST", trigger, {})).toBe(403);
      expect(await status({ trigger: { tasks: "other" } }, "POST", trigger, {})).toBe(403);
      expect(await status({ trigger: { tasks: "hello" } }, "POST", trigger, {})).toBe(200);
    });

    test.each([
      ["PUT", "metadata"],
      ["GET", "metadata"],
      ["POST", "tags"],
      ["POST", "replay"],
    ])("%s …/%s takes no token at all: 401", async (method, call) => {
      const id = await api.run();
      const key = await auth.createPublicToken({ scopes: { read: { runs: true }, write: { runs: true } } });
      const body = method === "GET" ? {} : { body: { metadata: {}, tags: [] } };
      expect((await api.plain(method, `/api/v1/runs/${id}/${call}`, { key, ...body })).status).toBe(401);
    });
  });

  describe("tokens for triggering", () => {
    test("are good for one use, of one task, and give a handle that reads its run", async () => {
      const token = await auth.createTriggerPublicToken("once");
      const first = await as(token, () => tasks.trigger("once", { n: 1 }));
      expect((await as(first.publicAccessToken, () => runs.retrieve(first.id))).id).toBe(first.id);
      const second = await api.plain("POST", "/api/v1/tasks/once/trigger", { body: {}, key: token });
      expect([second.status, second.body.error]).toEqual([
        422,
        "Cannot trigger once with a one-time use token as it has already been used.",
      ]);
      const key = await auth.createTriggerPublicToken("once");
      expect((await api.plain("POST", "/api/v1/tasks/other/trigger", { body: {}, key })).status).toBe(403);
    });

    test("or for many", async () => {
      const token = await auth.createTriggerPublicToken(["a", "b"], { multipleUse: true });
      const ids = await as(token, async () => [
        (await tasks.trigger("a", {})).id,
        (await tasks.trigger("a", {})).id,
        (await tasks.trigger("b", {})).id,
      ]);
      expect(new Set(ids).size).toBe(3);
    });

    test("or for a batch, both of its phases", async () => {
      const token = await auth.createBatchTriggerPublicToken("many");
      const handle = await as(token, () => tasks.batchTrigger("many", [{ payload: 1 }, { payload: 2 }]));
      expect((await batch.retrieve(handle.batchId)).runs).toHaveLength(2);
    });
  });
});
