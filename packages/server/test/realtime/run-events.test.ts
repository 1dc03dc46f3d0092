import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { DEV_KEY, PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { EventReader } from "./event-reader.ts";

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

function open(path: string, headers: Record<string, string> = {}, server = api.server): Promise<Response> {
  return fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${DEV_KEY}`, ...headers } });
}

async function follow(id: string, lastEventId?: string): Promise<EventReader> {
  const response = await open(
    `/api/v1/runs/${id}/events`,
    lastEventId === undefined ? {} : { "last-event-id": lastEventId },
  );
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  return new EventReader(response);
}

function set(id: string, key: string, value: unknown) {
  return api.call("PUT", `/api/v1/runs/${id}/metadata`, { operations: [{ type: "set", key, value }] });
}

async function finish(id: string): Promise<void> {
  await api.call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1 });
  await api.call("POST", `/engine/v1/runs/${id}/complete`, { attempt: 1, ok: true, output: 7 });
}

test("the run comes first, then every change with a greater id, and the stream ends with the run", async () => {
  const id = await api.trigger();
  const events = await follow(id);
  const first = await events.next();
  expect(first?.data).toMatchObject({
    id,
    status: "QUEUED",
    metadata: {},
    payload: { n: 1 },
    relatedRuns: {},
  });
  const { body } = await api.call("GET", `/api/v3/runs/${id}`, undefined, {
    "x-trigger-api-version": "2025-07-16",
  });
  expect(first?.data).toEqual(body);

  await set(id, "step", 1);
  const second = await events.next();
  expect(second?.data.metadata).toEqual({ step: 1 });
  await api.call("POST", `/api/v1/runs/${id}/tags`, { tags: ["late"] });
  const third = await events.next();
  expect(third?.data.tags).toEqual(["late"]);
  await api.call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1 });
  const fourth = await events.next();
  expect(fourth?.data.status).toBe("EXECUTING");
  await api.call("POST", `/engine/v1/runs/${id}/complete`, { attempt: 1, ok: true, output: 7 });
  const last = await events.next();
  expect(last?.data).toMatchObject({ status: "COMPLETED", output: 7 });
  const ids = [first, second, third, fourth, last].map((event) => Number(event?.id));
  expect(ids).toEqual(ids.toSorted((left, right) => left - right));
  expect(new Set(ids).size).toBe(5);
  expect(await events.next()).toBeUndefined();
});

test("T2 a reader that comes back with the newest id is told only what follows; with an old one or garbage it starts anew; a foreign one is refused", async () => {
  const id = await api.trigger();
  const first = await (await follow(id)).next();
  await set(id, "a", 1);
  const newest = await (await follow(id)).next();

  const resumed = await follow(id, newest?.id);
  expect(await resumed.next()).toEqual({ comment: "heartbeat" });
  await set(id, "a", 2);
  expect((await resumed.next())?.data.metadata).toEqual({ a: 2 });

  for (const old of [first?.id, "garbage", "-1", "1e3", "9".repeat(400)]) {
    const started = await follow(id, old);
    expect((await started.next())?.data.metadata, old).toEqual({ a: 2 });
    await started.cancel();
  }
  const foreign = await open(`/api/v1/runs/${id}/events`, { "last-event-id": "999999" });
  expect(foreign.status).toBe(400);
  expect(((await foreign.json()) as { error: string }).error).toContain("not one of its events");
});

test("a run that has ended is one event; who saw it is told to stay away", async () => {
  const id = await api.trigger();
  await finish(id);
  const events = await follow(id);
  const last = await events.next();
  expect(last?.data.status).toBe("COMPLETED");
  expect(await events.next()).toBeUndefined();
  const again = await open(`/api/v1/runs/${id}/events`, { "last-event-id": last?.id ?? "" });
  expect(again.status).toBe(204);
});

test("silence is filled with heartbeats", async () => {
  const id = await api.trigger();
  const events = await follow(id);
  await events.next();
  const beat = events.next();
  // Until the stream waits there is nothing to be woken.
  const timer = setInterval(() => clock.advance(15_000), 5);
  expect(await beat).toEqual({ comment: "heartbeat" });
  clearInterval(timer);
  await events.cancel();
});

test("changes that come faster than they are read are one event, the newest", async () => {
  const id = await api.trigger();
  const response = await api.server.fetch(
    new Request(`http://localhost/api/v1/runs/${id}/events`, {
      headers: { authorization: `Bearer ${DEV_KEY}` },
    }),
  );
  const events = new EventReader(response);
  await events.next();
  for (let step = 1; step <= 50; step++) await set(id, "step", step);
  expect((await events.next())?.data.metadata).toEqual({ step: 50 });
  await events.cancel();
});

test("T1 a reader that takes nothing costs what its socket holds, and is cut off after a while", async () => {
  const payload = "x".repeat(2_000_000);
  const id = await api.trigger({}, payload);
  const { hostname, port } = new URL(api.server.url);
  const socket = connect(Number(port), hostname);
  socket.pause();
  socket.on("error", () => undefined);
  socket.write(
    `GET /api/v1/runs/${id}/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${DEV_KEY}\r\n\r\n`,
  );
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  // More than two sockets' buffers hold.
  const changes = 12;
  for (let step = 0; step < changes; step++) await set(id, "step", step);
  clock.advance(31_000);
  const timer = setInterval(() => clock.advance(31_000), 20);
  // A cut shows only to one who reads.
  socket.resume();
  await closed;
  clearInterval(timer);
  expect(socket.bytesRead).toBeLessThan((changes + 1) * payload.length);
});

test("no key, a key of another environment and a token for another run are refused", async () => {
  const id = await api.trigger();
  const path = `/api/v1/runs/${id}/events`;
  expect((await open(path, { authorization: "" })).status).toBe(401);
  expect((await open(path, { authorization: `Bearer ${PROD_KEY}` })).status).toBe(404);
  expect((await open("/api/v1/runs/run_unknown/events")).status).toBe(404);
  expect((await open("/api/v1/runs/hello/events")).status).toBe(404);
  const head = await fetch(`${api.server.url}${path}`, {
    method: "HEAD",
    headers: { authorization: `Bearer ${DEV_KEY}` },
  });
  expect(head.status).toBe(200);
});

test("runs by tag and by batch: all of them, then those that change, from where a reader was", async () => {
  const a = await api.trigger({ tags: ["red", "big"] });
  await api.trigger({ tags: ["red"] });
  const path = "/api/v1/runs/events?tags=red,big";
  const events = new EventReader(await open(path));
  const first = await events.next();
  expect(first?.data.map((run: { id: string }) => run.id)).toEqual([a]);
  const b = await api.trigger({ tags: ["big", "red"] });
  const second = await events.next();
  expect(second?.data.map((run: { id: string }) => run.id)).toEqual([b]);
  await events.cancel();

  await set(a, "seen", true);
  const resumed = new EventReader(await open(path, { "last-event-id": second?.id ?? "" }));
  expect((await resumed.next())?.data).toMatchObject([{ id: a, metadata: { seen: true } }]);
  await resumed.cancel();
  const garbage = new EventReader(await open(path, { "last-event-id": "7" }));
  expect((await garbage.next())?.data).toHaveLength(2);
  await garbage.cancel();

  const batchId = (await api.call("POST", "/api/v3/batches", { runCount: 1 })).body.id as string;
  const ofBatch = new EventReader(await open(`/api/v1/batches/${batchId}/events`));
  expect((await ofBatch.next())?.data).toEqual([]);
  const item = `${JSON.stringify({ index: 0, task: "hello", payload: 1 })}\n`;
  await api.call("POST", `/api/v3/batches/${batchId}/items`, item, {
    "content-type": "application/x-ndjson",
  });
  expect((await ofBatch.next())?.data).toMatchObject([{ status: "QUEUED", batchId }]);
  await ofBatch.cancel();
  expect((await open("/api/v1/batches/batch_unknown/events")).status).toBe(404);
  expect((await open("/api/v1/runs/events?tags=a%22b")).status).toBe(400);
});

test("close() ends streams at once", async () => {
  const other = await startTestServer();
  await other.server.listen({ port: 0 });
  const id = await other.trigger();
  const onSocket = new EventReader(await open(`/api/v1/runs/${id}/events`, {}, other.server));
  const ofGroup = new EventReader(await open("/api/v1/runs/events?tags=x", {}, other.server));
  await onSocket.next();
  await ofGroup.next();
  const ended = [onSocket.next(), ofGroup.next()];
  await other.server.close();
  for (const end of await Promise.all(ended)) expect(end?.data).toBeUndefined();
});
