import { applyOperations, type JsonObject, type Operation } from "@runmeta/runtime/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, signToken } from "../auth/sign-token.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";

interface History {
  readonly limitBytes: number;
  readonly base?: { readonly version: number; readonly at: string; readonly document: JsonObject };
  readonly changes: readonly {
    readonly version: number;
    readonly at: string;
    readonly attempt: number;
    readonly operations: readonly Operation[];
  }[];
}

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const historyPath = (id: string, query = "") => `/api/v1/runs/${id}/metadata/history${query}`;

async function historyOf(id: string, query = ""): Promise<History> {
  const answer = await api.call("GET", historyPath(id, query));
  expect(answer.status).toBe(200);
  return answer.body;
}

async function put(id: string, body: object, headers: Record<string, string> = {}): Promise<number> {
  return (await api.call("PUT", `/api/v1/runs/${id}/metadata`, body, headers)).status;
}

/** What was written, change by change. */
const operationsOf = (history: History) => history.changes.map(({ operations }) => operations);

function fold({ base, changes }: History): JsonObject {
  return changes.reduce(
    (document, { operations }) => applyOperations(document, operations).document,
    structuredClone(base?.document ?? {}),
  );
}

const set = (key: string, value: string | number) => ({ type: "set", key, value }) as const;
const increment = (key: string, value = 1) => ({ type: "increment", key, value }) as const;

describe("GET /api/v1/runs/{runId}/metadata/history", () => {
  test("begins with the initial metadata and has one change for each write", async () => {
    const before = Date.now();
    const id = await api.trigger({ metadata: { step: 0 } });
    await put(id, { operations: [set("step", 1), { type: "append", key: "log", value: "a" }] });
    await put(id, { operations: [increment("step")] });
    const history = await historyOf(id);
    expect(history).toMatchObject({
      limitBytes: 4096,
      base: { version: 0, document: { step: 0 } },
      changes: [
        { version: 1, attempt: 0, operations: [set("step", 1), { type: "append", key: "log", value: "a" }] },
        { version: 2, attempt: 0, operations: [increment("step")] },
      ],
    });
    const times = [history.base?.at, ...history.changes.map(({ at }) => at)].map((at) =>
      Date.parse(at ?? ""),
    );
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    expect(times[0]).toBeGreaterThanOrEqual(before - 1);
    expect(fold(history)).toEqual({ step: 2, log: ["a"] });
  });

  test("says which attempt wrote", async () => {
    const id = "run_history_attempts";
    await api.call("PUT", `/engine/v1/runs/${id}`, { task: "hello", maxAttempts: 2 });
    for (const attempt of [1, 2]) {
      await api.call("POST", `/engine/v1/runs/${id}/start`, { attempt });
      await put(id, { operations: [set("attempt", attempt)] });
      await api.call("POST", `/engine/v1/runs/${id}/complete`, {
        attempt,
        ok: false,
        error: { message: "boom" },
        ...(attempt === 1 && { retryAfterMs: 0 }),
      });
    }
    expect((await historyOf(id)).changes.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test("shows a replaced document as an update", async () => {
    const id = await api.trigger();
    await put(id, { operations: [set("a", 1)] });
    await put(id, { metadata: { b: [1] } });
    expect(operationsOf(await historyOf(id))).toEqual([
      [set("a", 1)],
      [{ type: "update", value: { b: [1] } }],
    ]);
  });

  test("D1 shows a batch that was sent again once", async () => {
    const id = await api.trigger();
    const key = { "x-trigger-request-idempotency-key": "publisher.1" };
    const body = { operations: [increment("n")] };
    expect([await put(id, body, key), await put(id, body, key)]).toEqual([200, 200]);
    expect(operationsOf(await historyOf(id))).toEqual([[increment("n")]]);
  });

  test("shows what children wrote, and which", async () => {
    const parentId = await api.trigger();
    const childId = await api.trigger({ parentRunId: parentId });
    await put(childId, {
      operations: [set("own", 1)],
      parentOperations: [increment("done")],
      rootOperations: [increment("all")],
    });
    expect(operationsOf(await historyOf(parentId))).toEqual([
      [
        { ...increment("done"), from: childId },
        { ...increment("all"), from: childId },
      ],
    ]);
    expect(operationsOf(await historyOf(childId))).toEqual([[set("own", 1)]]);
  });

  test("leaves out what was refused and what changed nothing", async () => {
    const id = await api.trigger({ metadata: { a: 1, text: "x" } });
    expect(await put(id, { operations: [set("large", "x".repeat(5000))] })).toBe(413);
    expect(await put(id, { operations: [{ type: "remove", key: "text", value: 1 }, set("b", 2)] })).toBe(200);
    expect(await put(id, { operations: [set("a", 1)] })).toBe(200);
    expect(await put(id, { parentOperations: [set("$.no.such", 1)] })).toBe(200);
    expect(operationsOf(await historyOf(id))).toEqual([[set("b", 2)]]);
  });

  test("keeps the document instead of operations that are longer than a document may be", async () => {
    const id = await api.trigger();
    const text = "x".repeat(3000);
    await put(id, { operations: [set("a", text), set("a", text), set("a", 1)] });
    expect(operationsOf(await historyOf(id))).toEqual([[{ type: "update", value: { a: 1 } }]]);
  });

  test("gives what is newer than a version", async () => {
    const id = await api.trigger();
    for (const value of [1, 2, 3]) await put(id, { operations: [set("n", value)] });
    const newer = await historyOf(id, "?after=2");
    expect(newer.base).toBeUndefined();
    expect(operationsOf(newer)).toEqual([[set("n", 3)]]);
    expect(await historyOf(id, "?after=3")).toEqual({ limitBytes: 4096, changes: [] });
    expect((await api.call("GET", historyPath(id, "?after=x"))).body.error).toBe("Query Error");
  });

  test("begins anew with the document of the last trigger of a debounced run", async () => {
    const options = (metadata: object) => ({
      debounce: { key: "k", delay: "1h", mode: "trailing" },
      metadata,
    });
    const id = await api.trigger(options({ n: 1 }));
    await put(id, { operations: [increment("n")] });
    expect(await api.trigger(options({ n: 5 }))).toBe(id);
    await put(id, { operations: [increment("n", 2)] });
    const history = await historyOf(id);
    expect(history.base?.document).toEqual({ n: 5 });
    expect(operationsOf(history)).toEqual([[increment("n", 2)]]);
    expect(history.changes[0]?.version).toBeGreaterThan(history.base?.version ?? Number.NaN);
  });

  test("is open to tokens that may read the run, and to nobody else", async () => {
    const id = await api.trigger();
    const status = async (headers: Record<string, string>, runId = id) =>
      (await api.call("GET", historyPath(runId), undefined, headers)).status;
    expect(await status(bearer(await signToken([`read:runs:${id}`])))).toBe(200);
    expect(await status(bearer(await signToken(["read:runs:run_other"])))).toBe(403);
    expect(await status({ authorization: "Bearer tr_prod_testing-key" })).toBe(404);
    expect(await status({}, "run_unknown")).toBe(404);
    expect(await status({ authorization: "" })).toBe(401);
  });
});
