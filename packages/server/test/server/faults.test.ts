import { describe, expect, test } from "vitest";
import { noEngine, type Storage, StorageError } from "../../src/index.ts";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import { DEV_KEY, startTestServer } from "./test-server.ts";

/** A storage whose look-ups fail once `fault` is set. */
function failingStorage(): { storage: Storage; fail(error: unknown): void } {
  const real = pgliteStorage({});
  let fault: unknown;
  const storage = new Proxy(real, {
    get(target, name: keyof Storage) {
      const method = target[name] as (...parameters: unknown[]) => unknown;
      if (!name.startsWith("find")) return method;
      return async (...parameters: unknown[]) => {
        if (fault !== undefined) throw fault;
        return await method.apply(target, parameters);
      };
    },
  });
  return { storage, fail: (error) => (fault = error) };
}

describe("faults of ours", () => {
  test("A4 a 500 tells nothing, onError gets the cause, no key is in either", async () => {
    const { storage, fail } = failingStorage();
    const api = await startTestServer({ storage });
    fail(new Error("SELECT secret FROM runs"));
    const answer = await api.call("GET", "/api/v3/runs/run_x");
    expect([answer.status, answer.text]).toEqual([500, '{"error":"Internal Server Error"}']);
    expect(answer.headers.get("x-runmeta-dedupe")).toBe("1");
    expect(String(api.errors[0])).toContain("SELECT secret");
    expect(api.errors.map((error) => JSON.stringify(error) + String(error)).join()).not.toContain(DEV_KEY);
    await api.server.close();
  });

  test("D5 storage that is away is 503 with Retry-After", async () => {
    const { storage, fail } = failingStorage();
    const api = await startTestServer({ storage });
    fail(new StorageError("STORAGE_UNAVAILABLE", "connection refused"));
    for (const path of ["/api/v3/runs/run_x", "/api/v1/runs/run_x/metadata"]) {
      const answer = await api.call("GET", path);
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(answer.text).not.toContain("refused");
    }
    await api.server.close();
  });

  test("what is thrown that is no Error, and an onError that throws, are a 500 too", async () => {
    const { storage, fail } = failingStorage();
    const api = await startTestServer({
      storage,
      onError: () => {
        throw new Error("broken handler");
      },
    });
    fail("a text");
    expect((await api.call("GET", "/api/v3/runs/run_x")).status).toBe(500);
    await api.server.close();
  });

  test("an engine that cannot start closes the storage and says why", async () => {
    const real = pgliteStorage({});
    let closed = 0;
    const storage: Storage = new Proxy(real, {
      get: (target, name: keyof Storage) => {
        if (name === "close") closed++;
        const member: unknown = target[name];
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const engine = { ...noEngine(), start: () => Promise.reject(new Error("no Redis")) };
    await expect(startTestServer({ storage, engine })).rejects.toThrow("no Redis");
    expect(closed).toBe(1);
  });
});
