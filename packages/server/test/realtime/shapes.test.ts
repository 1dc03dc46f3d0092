import { afterAll, beforeAll, expect, test } from "vitest";
import { signToken } from "../auth/sign-token.ts";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { type Answer, startTestServer, type TestServer } from "../server/test-server.ts";

const clock = new ShiftedClock();
let api: TestServer;
beforeAll(async () => {
  api = await startTestServer({ clock });
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

/** What a client sends next after a reply. */
function following(path: string, answer: Answer, live: boolean): string {
  const query = new URLSearchParams(path.split("?")[1] ?? "");
  query.set("offset", answer.headers.get("electric-offset") ?? "");
  query.set("handle", answer.headers.get("electric-handle") ?? "");
  query.set("log", "full");
  if (live) query.set("live", "true");
  return `${path.split("?")[0]}?${query}`;
}

function set(id: string, key: string, value: unknown) {
  return api.call("PUT", `/api/v1/runs/${id}/metadata`, { operations: [{ type: "set", key, value }] });
}

const UP_TO_DATE = { headers: { control: "up-to-date" } };

test("a run as a row of text, with the types of its columns", async () => {
  const id = await api.trigger({ tags: ['a"b', "c\\d"], ttl: "1h", idempotencyKey: "k" });
  const answer = await api.call("GET", `/realtime/v1/runs/${id}?offset=-1`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("electric-handle")).toMatch(new RegExp(`^${id}-`));
  expect(answer.headers.get("electric-offset")).toMatch(/^\d+_0$/);
  for (const name of ["electric-handle", "electric-offset", "electric-schema", "electric-cursor"])
    expect(answer.headers.get("access-control-expose-headers")).toContain(name);
  const [row, end] = answer.body;
  expect(end).toEqual(UP_TO_DATE);
  expect(row.key).toBe(`"public"."TaskRun"/"${id}"`);
  expect(row.headers).toEqual({ operation: "insert" });
  expect(row.value).toMatchObject({
    friendlyId: id,
    taskIdentifier: "hello",
    status: "PENDING",
    completedAt: null,
    isTest: "f",
    ttl: "1h",
    payload: '{"n":1}',
    payloadType: "application/json",
    metadata: "{}",
    metadataType: "application/json",
    runTags: '{"a\\"b","c\\\\d"}',
    output: null,
    error: null,
  });
  expect(row.value.createdAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+$/);
  const schema = JSON.parse(answer.headers.get("electric-schema") ?? "");
  expect(Object.keys(schema)).toEqual(Object.keys(row.value));
  expect(schema).toMatchObject({
    createdAt: { type: "timestamp" },
    runTags: { type: "text", dims: 1 },
    isTest: { type: "bool" },
    error: { type: "jsonb" },
  });
});

test("a live request is answered by the change, a later one at once, and the one after that waits again", async () => {
  const id = await api.trigger();
  const path = `/realtime/v1/runs/${id}`;
  const first = await api.call("GET", `${path}?offset=-1`);
  const waiting = api.call("GET", following(path, first, true));
  await set(id, "step", 1);
  const woken = await waiting;
  expect(woken.headers.get("electric-cursor")).toMatch(/^\d+$/);
  expect(woken.body).toHaveLength(2);
  expect(woken.body[0]).toMatchObject({
    headers: { operation: "update" },
    value: { metadata: '{"step":1}' },
  });
  await set(id, "step", 2);
  await set(id, "step", 3);
  const late = await api.call("GET", following(path, woken, true));
  expect(late.body[0].value.metadata).toBe('{"step":3}');
  const caughtUp = await api.call("GET", following(path, late, false));
  expect(caughtUp.body).toEqual([UP_TO_DATE]);
  expect(caughtUp.headers.get("electric-schema")).not.toBeNull();
  const behind = await api.call("GET", following(path, first, false));
  expect(behind.body[0].value.metadata).toBe('{"step":3}');

  const quiet = api.call("GET", following(path, late, true));
  const timer = setInterval(() => clock.advance(1_000), 2);
  const startedAt = clock.now().getTime();
  const timedOut = await quiet;
  clearInterval(timer);
  expect(timedOut.body).toEqual([UP_TO_DATE]);
  expect(clock.now().getTime() - startedAt).toBeGreaterThan(16_000);
});

test("T2 an unknown handle or offset makes the client start over, with a handle that it has not had", async () => {
  const id = await api.trigger();
  const other = await api.trigger();
  const path = `/realtime/v1/runs/${id}`;
  const first = await api.call("GET", `${path}?offset=-1`);
  const foreign = await api.call("GET", `/realtime/v1/runs/${other}?offset=-1`);
  const handle = first.headers.get("electric-handle") ?? "";
  for (const query of [
    "offset=0_0",
    "offset=0_0&handle=unknown&live=true",
    `offset=0_0&handle=${foreign.headers.get("electric-handle")}`,
    `offset=9999_0&handle=${handle}&live=true`,
    `offset=zero&handle=${handle}`,
  ]) {
    const answer = await api.call("GET", `${path}?${query}`);
    expect(answer.status, query).toBe(409);
    expect(answer.body).toEqual([{ headers: { control: "must-refetch" } }]);
    expect(answer.headers.get("electric-handle")).not.toBe(handle);
  }
  const again = await api.call("GET", `${path}?offset=-1&handle=${handle}`);
  expect(again.headers.get("electric-handle")).not.toBe(handle);
  expect(again.body).toHaveLength(2);
});

test("columns are left out when the query or the token says so, the token first; those that clients need stay", async () => {
  const id = await api.trigger();
  const path = `/realtime/v1/runs/${id}?offset=-1&skipColumns=payload,output,id,status,nonsense`;
  const asked = await api.call("GET", path);
  expect(asked.body[0].value).not.toHaveProperty("payload");
  expect(asked.body[0].value).toMatchObject({ id, status: "PENDING", metadata: "{}" });
  expect(JSON.parse(asked.headers.get("electric-schema") ?? "")).not.toHaveProperty("payload");
  const token = await signToken([`read:runs:${id}`], {
    claims: { realtime: { skipColumns: ["metadata"] } },
  });
  const ofToken = await api.call("GET", path, undefined, { authorization: `Bearer ${token}` });
  expect(ofToken.body[0].value).not.toHaveProperty("metadata");
  expect(ofToken.body[0].value).toHaveProperty("payload");
  const foreign = await api.call("GET", `/realtime/v1/runs/${await api.trigger()}?offset=-1`, undefined, {
    authorization: `Bearer ${token}`,
  });
  expect(foreign.status).toBe(403);
});

test("statuses have their internal names, errors their type, and completedAt comes at the end", async () => {
  const failed = await api.trigger();
  await api.call("POST", `/engine/v1/runs/${failed}/start`, { attempt: 1 });
  const executing = (await api.call("GET", `/realtime/v1/runs/${failed}?offset=-1`)).body[0].value;
  expect(executing).toMatchObject({ status: "EXECUTING", completedAt: null });
  await api.call("POST", `/engine/v1/runs/${failed}/complete`, {
    attempt: 1,
    ok: false,
    error: { name: "TypeError", message: "boom" },
  });
  const { value } = (await api.call("GET", `/realtime/v1/runs/${failed}?offset=-1`)).body[0];
  expect(value.status).toBe("COMPLETED_WITH_ERRORS");
  expect(value.completedAt).toMatch(/^\d{4}-.*\d$/);
  expect(JSON.parse(value.error)).toEqual({
    type: "BUILT_IN_ERROR",
    name: "TypeError",
    message: "boom",
    stackTrace: "",
  });
  const done = await api.trigger();
  await api.call("POST", `/engine/v1/runs/${done}/start`, { attempt: 1 });
  await api.call("POST", `/engine/v1/runs/${done}/complete`, { attempt: 1, ok: true, output: 7 });
  expect((await api.call("GET", `/realtime/v1/runs/${done}?offset=-1`)).body[0].value).toMatchObject({
    status: "COMPLETED_SUCCESSFULLY",
    output: "7",
    outputType: "application/json",
  });
  const delayed = await api.trigger({ delay: "1h" });
  expect((await api.call("GET", `/realtime/v1/runs/${delayed}?offset=-1`)).body[0].value).toMatchObject({
    status: "DELAYED",
    queuedAt: null,
  });
});

test("by tags: a run that changes and one that is new are seen once each; runs that lack a tag never", async () => {
  const a = await api.trigger({ tags: ["x", "y"] });
  await api.trigger({ tags: ["x"] });
  const path = "/realtime/v1/runs?tags=x,y&createdAt=1h";
  const ids = (answer: Answer) =>
    answer.body.slice(0, -1).map((row: { value: { friendlyId: string } }) => row.value.friendlyId);
  const first = await api.call("GET", `${path}&offset=-1`);
  expect(ids(first)).toEqual([a]);
  expect(first.body.at(-1)).toEqual(UP_TO_DATE);

  const waiting = api.call("GET", following(path, first, true));
  await api.trigger({ tags: ["y"] });
  const b = await api.trigger({ tags: ["y", "x"] });
  const second = await waiting;
  expect(ids(second)).toEqual([b]);
  await set(a, "n", 1);
  await set(b, "n", 1);
  const third = await api.call("GET", following(path, second, true));
  expect(ids(third).toSorted()).toEqual([a, b].toSorted());
  expect(ids(await api.call("GET", following(path, third, false)))).toEqual([]);

  const handle = third.headers.get("electric-handle");
  const otherTags = await api.call("GET", `/realtime/v1/runs?tags=x&offset=1_1&handle=${handle}`);
  expect(otherTags.status).toBe(409);
  for (const offset of ["zero", "1", "5_9", "1_1_0", `${"9".repeat(19)}_1`]) {
    const answer = await api.call("GET", `${path}&handle=${handle}&offset=${offset}&live=true`);
    expect(answer.status, offset).toBe(409);
  }
  const refused = await api.call("GET", "/realtime/v1/runs?tags=a%5Cb&offset=-1");
  expect(refused.status).toBe(400);
  expect(refused.body.details[0].message).toBe('Invalid tag: "a\\\\b"');
  expect((await api.call("GET", "/realtime/v1/runs?tags=x&createdAt=soon&offset=-1")).status).toBe(400);
});

test("a batch: its runs as they come and change", async () => {
  const batchId = (await api.call("POST", "/api/v3/batches", { runCount: 2 })).body.id as string;
  const path = `/realtime/v1/batches/${batchId}`;
  const first = await api.call("GET", `${path}?offset=-1`);
  expect(first.body).toEqual([UP_TO_DATE]);
  const waiting = api.call("GET", following(path, first, true));
  const items = [0, 1].map((index) => JSON.stringify({ index, task: "hello", payload: index })).join("\n");
  await api.call("POST", `/api/v3/batches/${batchId}/items`, `${items}\n`, {
    "content-type": "application/x-ndjson",
  });
  expect((await waiting).body).toHaveLength(3);
  expect((await api.call("GET", "/realtime/v1/batches/batch_unknown?offset=-1")).status).toBe(404);
});

test("a wait ends with the server, and not with an empty answer", async () => {
  const other = await startTestServer();
  const id = await other.trigger({ tags: ["x"] });
  const waits: Promise<Answer>[] = [];
  for (const path of [`/realtime/v1/runs/${id}`, "/realtime/v1/runs?tags=x"]) {
    const first = await other.call("GET", `${path}${path.includes("?") ? "&" : "?"}offset=-1`);
    waits.push(other.call("GET", following(path, first, true)));
  }
  await new Promise((resolve) => setImmediate(resolve));
  await other.server.close();
  for (const answer of await Promise.all(waits)) expect(answer.status).toBe(503);
});
