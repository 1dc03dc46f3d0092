import { validateJWT } from "@trigger.dev/core/v3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createServer, pgliteStorage, type RunmetaServer } from "../../../server/src/index.ts";
import { auth, configure, isRunmetaError, runs, tasks, withRun } from "../../src/index.ts";

const KEY = "tr_dev_runtime-auth";
let server: RunmetaServer;
let seen: string[] = [];

beforeAll(async () => {
  server = await createServer({ storage: pgliteStorage({}), secretKeys: [KEY] });
  configure({
    baseURL: "http://localhost",
    accessToken: KEY,
    fetch: (request) => {
      seen.push(request.headers.get("authorization") ?? "");
      return server.fetch(request);
    },
  });
});
afterAll(() => server.close());

async function claimsOf(token: string): Promise<Record<string, unknown>> {
  const result = await validateJWT(token, KEY);
  if (!result.ok) throw new Error(result.error);
  return result.payload;
}

it("a public token passes the official check and does here what its scopes say", async () => {
  const { id } = await tasks.trigger("job", { a: 1 });
  const token = await auth.createPublicToken({
    scopes: { read: { runs: [id], tags: "a:b" }, write: { runs: true } },
    expirationTime: "1h",
    realtime: { skipColumns: ["payload"] },
  });
  const claims = await claimsOf(token);
  expect(claims).toMatchObject({
    sub: "dev",
    pub: true,
    scopes: [`read:runs:${id}`, "read:tags:a:b", "write:runs"],
    realtime: { skipColumns: ["payload"] },
  });
  expect(Number(claims.exp) - Number(claims.iat)).toBe(3600);
  expect(token).not.toContain(KEY);
  await auth.withAuth({ accessToken: token }, async () => {
    expect((await runs.retrieve(id)).id).toBe(id);
    await expect(runs.list()).rejects.toMatchObject({ code: "RUNMETA_API", status: 403 });
    await runs.cancel(id);
  });
  expect((await runs.list()).data.length).toBeGreaterThan(0);
});

it("without scopes a token has none, and lasts 15 minutes", async () => {
  const claims = await claimsOf(await auth.createPublicToken());
  expect(claims).not.toHaveProperty("scopes");
  expect(Number(claims.exp) - Number(claims.iat)).toBe(900);
});

it("expiry is a date, seconds since 1970, or a time from now", async () => {
  const exp = async (expirationTime: number | Date | string) =>
    Number((await claimsOf(await auth.createPublicToken({ expirationTime }))).exp);
  const later = Math.floor(Date.now() / 1000) + 5000;
  expect(await exp(later)).toBe(later);
  expect(await exp(new Date(later * 1000 + 999))).toBe(later);
  for (const wrong of ["", "soon", "1", "-1h", Number.NaN, Number.POSITIVE_INFINITY, new Date("x")]) {
    const fault = await auth.createPublicToken({ expirationTime: wrong }).catch((error: unknown) => error);
    expect(isRunmetaError(fault) && fault.code).toBe("RUNMETA_CONFIG");
  }
});

it("tokens that trigger do so for their tasks", async () => {
  const once = await auth.createTriggerPublicToken(["a", "b"]);
  expect(await claimsOf(once)).toMatchObject({ otu: true, scopes: ["trigger:tasks:a", "trigger:tasks:b"] });
  const often = await auth.createTriggerPublicToken("a", { multipleUse: true });
  expect(await claimsOf(often)).toMatchObject({ otu: false, scopes: ["trigger:tasks:a"] });
  const batch = await auth.createBatchTriggerPublicToken("a");
  expect(await claimsOf(batch)).toMatchObject({ otu: true, scopes: ["batchTrigger:tasks:a"] });
  await auth.withTriggerPublicToken("a", {}, async () => {
    await expect(tasks.trigger("b", 1)).rejects.toMatchObject({ status: 403 });
    expect((await tasks.trigger("a", 1)).id).toMatch(/^run_/);
  });
});

it("an id that is empty is refused before anything is asked", async () => {
  seen = [];
  for (const runsOf of ["", " ", ["run_1", ""]]) {
    const fault = await auth
      .createPublicToken({ scopes: { read: { runs: runsOf } } })
      .catch((error: unknown) => error);
    expect(isRunmetaError(fault) && fault.code).toBe("RUNMETA_CONFIG");
  }
  expect(seen).toEqual([]);
});

it("withAuth holds below its function and nowhere else, in a run too, and not in runs opened below", async () => {
  const token = await auth.createPublicToken({ scopes: { read: { runs: true } } });
  const other = await auth.createPublicToken({ scopes: { read: { tasks: "a" } } });
  const used = async () => {
    seen = [];
    await runs.retrieve("run_none").catch(() => undefined);
    return seen[0];
  };
  await Promise.all([
    auth.withAuth({ accessToken: token }, async () => {
      await auth.withAuth({ accessToken: other }, async () => {
        expect(await used()).toBe(`Bearer ${other}`);
      });
      expect(await used()).toBe(`Bearer ${token}`);
    }),
  ]);
  expect(await used()).toBe(`Bearer ${KEY}`);
  await withRun({ task: "a" }, async () => {
    await auth.withAuth({ accessToken: token }, async () => {
      expect(await used()).toBe(`Bearer ${token}`);
    });
    expect(await used()).toBe(`Bearer ${KEY}`);
  });
});
