import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EventReader } from "../realtime/event-reader.ts";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { DEV_KEY, PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";

const clock = new ShiftedClock();
let api: TestServer;
beforeAll(async () => {
  api = await startTestServer({ clock });
  await api.server.listen({ port: 0 });
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const path = (id: string, rest = "self/words") => `/realtime/v1/streams/${id}/${rest}`;
const lines = (...chunks: unknown[]) => chunks.map((chunk) => `${JSON.stringify(chunk)}\n`).join("");

function write(id: string, body: string, headers: Record<string, string> = {}, rest = "self/words") {
  return api.call("POST", path(id, rest), body, headers);
}

async function follow(id: string, headers: Record<string, string> = {}, key = "words"): Promise<EventReader> {
  const response = await fetch(api.server.url + path(id, key), {
    headers: { authorization: `Bearer ${DEV_KEY}`, ...headers },
  });
  expect([response.status, response.headers.get("x-stream-version")]).toEqual([200, "v1"]);
  return new EventReader(response);
}

async function take(events: EventReader, count: number): Promise<unknown[]> {
  const data: unknown[] = [];
  while (data.length < count) {
    const event = await events.next();
    if (event === undefined) throw new Error(`the stream ended after ${JSON.stringify(data)}`);
    if (event.comment === undefined) data.push(event.data);
  }
  return data;
}

/** Everything up to the end. */
async function rest(events: EventReader): Promise<unknown[]> {
  const data: unknown[] = [];
  for (;;) {
    const event = await events.next();
    if (event === undefined) return data;
    if (event.comment === undefined) data.push(event.data);
  }
}

async function start(id: string): Promise<void> {
  await api.call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1 });
}
async function finish(id: string): Promise<void> {
  await start(id);
  await api.call("POST", `/engine/v1/runs/${id}/complete`, { attempt: 1, ok: true, output: 7 });
}

test("a stream is made once, answered with v1, and named by the run", async () => {
  const id = await api.trigger();
  for (const key of ["words", "a%2Fb", "words"]) {
    const made = await api.call("PUT", path(id, `self/${key}`));
    expect([made.status, made.body]).toEqual([202, { version: "v1" }]);
  }
  expect((await api.call("GET", `/api/v3/runs/${id}`)).body.realtimeStreams).toEqual(["words", "a/b"]);
  const shape = await api.call("GET", `/realtime/v1/runs/${id}?offset=-1`);
  expect(shape.body[0].value.realtimeStreams).toBe('{"words","a/b"}');
});

test("two readers see what is written, in order, and end with the run, not with the request that wrote", async () => {
  const id = await api.trigger();
  const early = await follow(id);
  expect((await write(id, lines({ a: 1 }, "two"))).status).toBe(200);
  expect(await take(early, 2)).toEqual([{ a: 1 }, "two"]);
  const late = await follow(id);
  expect(await take(late, 2)).toEqual([{ a: 1 }, "two"]);
  await write(id, lines(3), { "x-client-id": "another" });
  expect([await take(early, 1), await take(late, 1)]).toEqual([[3], [3]]);
  await finish(id);
  expect([await rest(early), await rest(late)]).toEqual([[], []]);
});

test("everything can be read after the run has ended, at once, from any place", async () => {
  const id = await api.trigger();
  await write(id, lines(...Array(600).keys()));
  await finish(id);
  const events = await follow(id);
  const first = await events.next();
  expect(first?.id).toMatch(/^\d{13}-0$/);
  expect(await rest(events)).toEqual([...Array(600).keys()].slice(1));
  expect(await rest(await follow(id, { "last-event-id": first?.id ?? "" }))).toHaveLength(599);
  // What `streams.read({ startIndex: 598 })` sends.
  expect(await rest(await follow(id, { "last-event-id": "597" }))).toEqual([598, 599]);
  expect(await rest(await follow(id, { "last-event-id": "garbage" }))).toHaveLength(600);
  expect(await rest(await follow(id, { "x-trigger-stream-start": "latest" }))).toEqual([]);
});

test("a reader that starts at the latest chunk sees only what comes", async () => {
  const id = await api.trigger();
  await write(id, lines("old"));
  const events = await follow(id, { "x-trigger-stream-start": "latest" });
  await write(id, lines("new"), { "x-client-id": "b" });
  expect(await take(events, 1)).toEqual(["new"]);
  await events.cancel();
});

test("a stream that nobody writes ends after the silence that its reader allows", async () => {
  const id = await api.trigger();
  const events = await follow(id, { "timeout-seconds": "20" });
  const end = rest(events);
  clock.advance(15_000);
  await write(id, lines(1));
  const events2 = await follow(id, { "timeout-seconds": "5" });
  expect(await take(events2, 1)).toEqual([1]);
  const end2 = rest(events2);
  for (const timeout of ["0", "601", "abc", "1.5"]) {
    const answer = await api.call("GET", path(id, "words"), undefined, { "timeout-seconds": timeout });
    expect(answer.status, timeout).toBe(400);
  }
  // Each advance wakes those whose time has come; how many it takes is the heartbeats' affair.
  const ticking = setInterval(() => clock.advance(1_000), 5);
  expect([await end, await end2]).toEqual([[1], []]);
  clearInterval(ticking);
});

test("a chunk that is sent again is stored once, by the index its writer gives it", async () => {
  const id = await api.trigger();
  const as = (client: string, from: number) => ({ "x-client-id": client, "x-resume-from-chunk": `${from}` });
  await write(id, lines("a0", "a1"), as("a", 0));
  await write(id, lines("b0"), as("b", 0));
  await write(id, lines("a1", "a2"), as("a", 1));
  await write(id, lines("a0", "a1", "a2", "a3"), as("a", 0));
  const head = await api.call("HEAD", path(id), undefined, { "x-client-id": "a" });
  expect([head.status, head.headers.get("x-last-chunk-index")]).toEqual([200, "3"]);
  const nobody = await api.call("HEAD", path(id), undefined, { "x-client-id": "nobody" });
  expect(nobody.headers.get("x-last-chunk-index")).toBe("-1");
  await finish(id);
  expect(await rest(await follow(id))).toEqual(["a0", "a1", "b0", "a2", "a3"]);
});

test("two requests of one writer at the same time store each chunk once", async () => {
  const id = await api.trigger();
  const chunks = [...Array(300).keys()];
  await Promise.all([write(id, lines(...chunks)), write(id, lines(...chunks)), write(id, lines(...chunks))]);
  await finish(id);
  expect(await rest(await follow(id))).toEqual(chunks);
});

test("a connection that breaks leaves what it brought; the writer asks, and goes on with the next chunk", async () => {
  const id = await api.trigger();
  const events = await follow(id);
  const headers = { authorization: `Bearer ${DEV_KEY}`, "x-client-id": "w", "transfer-encoding": "chunked" };
  const broken = httpRequest(api.server.url + path(id), { method: "POST", headers });
  const gone = new Promise((resolve) => broken.on("error", resolve));
  broken.write(lines(0, 1));
  broken.write('{"half":');
  expect(await take(events, 2)).toEqual([0, 1]);
  broken.destroy();
  await gone;
  const head = await api.call("HEAD", path(id), undefined, { "x-client-id": "w" });
  expect(head.headers.get("x-last-chunk-index")).toBe("1");
  await write(id, lines({ half: 1 }), { "x-client-id": "w", "x-resume-from-chunk": "2" });
  await finish(id);
  expect(await rest(events)).toEqual([{ half: 1 }]);
});

test("chunks are seen while the request that brings them is still open, which the end of the run waits for", async () => {
  const id = await api.trigger();
  const events = await follow(id);
  let send: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      send = controller;
    },
  });
  const encoder = new TextEncoder();
  const writing = fetch(api.server.url + path(id), {
    method: "POST",
    headers: { authorization: `Bearer ${DEV_KEY}` },
    body,
    duplex: "half",
  } as RequestInit);
  send?.enqueue(encoder.encode(lines("one")));
  expect(await take(events, 1)).toEqual(["one"]);
  await finish(id);
  send?.enqueue(encoder.encode(lines("two")));
  expect(await take(events, 1)).toEqual(["two"]);
  send?.close();
  expect((await writing).status).toBe(200);
  expect(await rest(events)).toEqual([]);
});

test("garbage is refused, and what came before it stays", async () => {
  const id = await api.trigger();
  const garbage: [string | Uint8Array, number][] = [
    [`${lines("kept")}{"a":\n`, 400],
    ["nonsense", 400],
    [new Uint8Array([0x22, 0xff, 0x22]), 400],
    [`${"[".repeat(600)}${"]".repeat(600)}`, 400],
    [`"${"x".repeat(1024 * 1024)}"`, 413],
  ];
  for (const [index, [body, status]] of garbage.entries()) {
    const answer = await api.call("POST", path(id), body, { "x-client-id": `${index}` });
    expect([answer.status, typeof answer.body.error]).toEqual([status, "string"]);
  }
  expect((await write(id, lines(1), { "x-resume-from-chunk": "-1" })).status).toBe(400);
  expect((await write(id, lines(1), { "content-type": "text/plain" })).status).toBe(415);
  // No chunk at all; blank lines; a carriage return; what official clients make of undefined.
  expect((await write(id, "")).status).toBe(200);
  await write(id, '\n  \r\n{"a":\r"b\\u0000\\ud800"}\r\nundefined\n"last"');
  await finish(id);
  expect(await rest(await follow(id))).toEqual(["kept", { a: "b\u0000\ud800" }, null, "last"]);
});

test("a text is appended as a string, once a part", async () => {
  const id = await api.trigger();
  const append = (text: string, headers = {}) =>
    api.call("POST", path(id, "self/words/append"), text, headers);
  for (const part of ["p1", "p1", "p2"]) {
    const answer = await append('{"not": "parsed"}', { "x-part-id": part });
    expect([answer.status, answer.body]).toEqual([200, { ok: true }]);
  }
  await append("again", { "x-trigger-request-idempotency-key": "k" });
  await append("again", { "x-trigger-request-idempotency-key": "k" });
  await append("again");
  expect((await append("x".repeat(512 * 1024 + 1))).status).toBe(413);
  await finish(id);
  const refused = await append("late");
  expect([refused.status, refused.body]).toEqual([
    400,
    "Cannot append to a realtime stream on a completed run",
  ]);
  expect(await rest(await follow(id))).toEqual(['{"not": "parsed"}', '{"not": "parsed"}', "again", "again"]);
});

test("streams of a parent and of a root are written through the child", async () => {
  const parent = await api.trigger();
  const child = await api.trigger({ parentRunId: parent });
  await api.call("PUT", path(child, "parent/words"));
  await write(child, lines("from the child"), {}, "parent/words");
  await write(child, lines("again"), { "x-client-id": "b" }, "root/words");
  await finish(parent);
  expect(await rest(await follow(parent))).toEqual(["from the child", "again"]);
  expect((await api.call("PUT", path(parent, "parent/words"))).status).toBe(404);
});

test("what is not there, not allowed, or over is refused", async () => {
  const id = await api.trigger();
  for (const [method, target] of [
    ["PUT", path("run_unknown")],
    ["POST", path("run_unknown")],
    ["GET", path("run_unknown", "words")],
    ["HEAD", path("../x")],
    ["PUT", path(id, "cousin/words")],
  ] as const) {
    const answer = await api.call(method, target);
    expect(answer.status, `${method} ${target}`).toBe(404);
  }
  const foreign = await api.call("GET", path(id, "words"), undefined, {
    authorization: `Bearer ${PROD_KEY}`,
  });
  expect(foreign.status).toBe(404);
  expect((await api.call("PUT", path(id, "self/a%00b"))).status).toBe(422);
  expect((await api.call("PUT", path(id, `self/${"k".repeat(257)}`))).status).toBe(422);
  await finish(id);
  const late = await api.call("PUT", path(id));
  expect([late.status, late.body]).toEqual([400, "Cannot initialize a realtime stream on a completed run"]);
  expect((await write(id, lines("late"))).status).toBe(200);
});
