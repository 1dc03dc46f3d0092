import { auth, batch, runs, tasks } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { signToken } from "../../packages/server/test/auth/sign-token.ts";
import { onEveryDatabase } from "./api.ts";
import { DEV_KEY } from "./keys.ts";
import { claimsOf } from "./tokens.ts";

onEveryDatabase((api) => {
  const as = async <T>(accessToken: string, body: () => Promise<T>): Promise<T> =>
    await auth.withAuth({ baseURL: api.url, accessToken }, body);
  const get = (path: string, key: string) => api.plain("GET", path, { key });

  describe("handles", () => {
    test("a triggered run comes with a token for it that the server has signed", async () => {
      const handle = await tasks.trigger("hello", {});
      const claims = claimsOf(handle.publicAccessToken);
      expect(claims).toMatchObject({
        iss: "https://id.trigger.dev",
        aud: "https://api.trigger.dev",
        pub: true,
        scopes: [`read:runs:${handle.id}`, `write:inputStreams:${handle.id}`],
      });
      expect(Number(claims.exp) - Number(claims.iat)).toBe(3600);
      expect((await as(handle.publicAccessToken, () => runs.retrieve(handle.id))).id).toBe(handle.id);
      const other = await get(`/api/v3/runs/${await api.run()}`, handle.publicAccessToken);
      expect([403, 404]).toContain(other.status);
    });

    test("a browser may read both headers", async () => {
      const answer = await api.plain("POST", "/api/v1/tasks/hello/trigger", {
        body: {},
        headers: { origin: "https://app.example" },
      });
      expect(answer.headers.get("x-trigger-jwt")?.split(".")).toHaveLength(3);
      expect(JSON.parse(answer.headers.get("x-trigger-jwt-claims") ?? "")).toMatchObject({ pub: true });
      expect(answer.headers.get("access-control-allow-origin")).not.toBeNull();
      const exposed = answer.headers.get("access-control-expose-headers") ?? "";
      expect(exposed).toMatch(/x-trigger-jwt(?!-)/);
      expect(exposed).toContain("x-trigger-jwt-claims");
    });

    test("a batch's token reads the batch and its runs", async () => {
      const handle = await tasks.batchTrigger("hello", [{ payload: 1 }]);
      expect(claimsOf(handle.publicAccessToken).scopes).toEqual([`read:batch:${handle.batchId}`]);
      await as(handle.publicAccessToken, async () => {
        const { runs: ids } = await batch.retrieve(handle.batchId);
        expect((await runs.retrieve(ids[0] ?? "")).batchId).toBe(handle.batchId);
      });
    });
  });

  describe("CORS", () => {
    test.each([
      ["POST", "/api/v1/tasks/hello/trigger"],
      ["POST", "/api/v3/batches"],
      ["GET", "/api/v3/runs/run_x"],
      ["GET", "/api/v1/runs"],
      ["GET", "/api/v2/batches/batch_x"],
    ])("a browser may %s %s", async (method, path) => {
      const preflight = await api.plain("OPTIONS", path, {
        key: null,
        headers: {
          origin: "https://app.example",
          "access-control-request-method": method,
          "access-control-request-headers": "authorization,content-type,trigger-version,x-trigger-client",
        },
      });
      expect(preflight.status).toBeLessThan(300);
      expect(preflight.headers.get("access-control-allow-origin")).toMatch(/^(\*|https:\/\/app\.example)$/);
      expect(preflight.headers.get("access-control-allow-methods")).toContain(method);
      const allowed = (preflight.headers.get("access-control-allow-headers") ?? "").toLowerCase();
      for (const name of ["authorization", "content-type", "trigger-version", "x-trigger-client"])
        expect(allowed).toContain(name);
      const refused = await api.plain(method, path, {
        key: null,
        headers: { origin: "https://app.example" },
      });
      expect(refused.status).toBe(401);
      expect(refused.headers.get("access-control-allow-origin")).not.toBeNull();
    });
  });

  test("a token whose time is over, of another environment, or wrongly signed is 401", async () => {
    const id = await api.run();
    const refused = [
      await signToken(["admin"], { key: DEV_KEY, expiresAt: 1 }),
      await signToken(["admin"], { key: DEV_KEY, expiresAt: undefined }),
      await signToken(["admin"], { key: `${DEV_KEY}x` }),
      await signToken(["admin"], { key: DEV_KEY, issuer: "https://elsewhere.example" }),
      await signToken(["admin"], { key: DEV_KEY, audience: "https://elsewhere.example" }),
    ];
    for (const key of refused) {
      const answer = await get(`/api/v3/runs/${id}`, key);
      expect([answer.status, answer.text]).toEqual([401, '{"error":"Public Access Token is invalid"}']);
    }
    expect((await get(`/api/v3/runs/${id}`, await signToken(["admin"], { key: DEV_KEY }))).status).toBe(200);
  });
});
