import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

/** As the official manager sends it: the three lists, empty ones too, and one UUID for a call and its repetitions. */
const put = (id: string, lists: object, key = randomUUID()) =>
  api.call(
    "PUT",
    `/api/v1/runs/${id}/metadata`,
    { operations: [], parentOperations: [], rootOperations: [], ...lists },
    { "x-trigger-request-idempotency-key": key },
  );
const document = async (id: string) => (await api.call("GET", `/api/v1/runs/${id}/metadata`)).body.metadata;
const increment = (key: string, value = 1) => ({ type: "increment", key, value });
const append = (key: string, value: unknown) => ({ type: "append", key, value });
const set = (key: string, value: unknown) => ({ type: "set", key, value });

async function family() {
  const root = await api.trigger();
  const parent = await api.trigger({ parentRunId: root });
  const child = await api.trigger({ parentRunId: parent });
  return { root, parent, child };
}

test("a grandchild writes to its own, its parent's and its root's document in one request", async () => {
  const { root, parent, child } = await family();
  const answer = await put(child, {
    operations: [increment("own")],
    parentOperations: [increment("fromChild"), append("log", "a")],
    rootOperations: [increment("fromGrandchild")],
  });
  expect([answer.status, answer.body]).toEqual([200, { metadata: { own: 1 } }]);
  expect(await document(parent)).toEqual({ fromChild: 1, log: ["a"] });
  expect(await document(root)).toEqual({ fromGrandchild: 1 });
});

test("each document gets the operations in the order of the requests; a parent that is the root too gets the parent's first", async () => {
  const { root, parent, child } = await family();
  for (let n = 1; n <= 20; n++) {
    await put(child, { parentOperations: [append("log", n)], rootOperations: [append("log", n)] });
  }
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
  expect((await document(parent)).log).toEqual(numbers);
  expect((await document(root)).log).toEqual(numbers);
  await put(parent, {
    operations: [set("last", "own")],
    parentOperations: [set("last", "parent"), append("order", 1)],
    rootOperations: [set("last", "root"), append("order", 2)],
  });
  expect((await document(parent)).last).toBe("own");
  expect(await document(root)).toMatchObject({ last: "root", order: [1, 2] });
});

test("a root's own parent and root operations are its own, after its operations", async () => {
  const root = await api.trigger();
  const answer = await put(root, {
    operations: [append("order", "own")],
    parentOperations: [append("order", "parent")],
    rootOperations: [append("order", "root")],
  });
  expect(answer.body).toEqual({ metadata: { order: ["own", "parent", "root"] } });
});

test("what the parent has no room for is named in the reply, and refuses neither the run's own nor the root's", async () => {
  const { root, parent, child } = await family();
  await put(parent, { operations: [set("full", "x".repeat(4000))] });
  const key = randomUUID();
  const lists = {
    operations: [increment("own")],
    parentOperations: [increment("small"), set("more", "y".repeat(200))],
    rootOperations: [increment("n")],
  };
  const refused = [{ target: "parent", message: "Metadata exceeds maximum size of 4096 bytes" }];
  const first = await put(child, lists, key);
  expect([first.status, first.body]).toEqual([200, { metadata: { own: 1 }, refused }]);
  expect(await document(parent)).toEqual({ full: "x".repeat(4000) });
  expect(await document(root)).toEqual({ n: 1 });
  // Sent again it says the same, also when there would be room by now.
  await put(parent, { operations: [{ type: "delete", key: "full" }] });
  expect((await put(child, lists, key)).text).toBe(first.text);
  expect(await document(parent)).toEqual({});
});

test("I9 a request that is repeated with its UUID counts once in all three documents", async () => {
  const { root, parent, child } = await family();
  const key = randomUUID();
  const lists = {
    operations: [increment("own")],
    parentOperations: [increment("n"), append("log", "x")],
    rootOperations: [increment("n", 5)],
  };
  const answers = await Promise.all(Array.from({ length: 8 }, () => put(child, lists, key)));
  answers.push(await put(child, lists, key));
  expect(new Set(answers.map((answer) => answer.text))).toEqual(new Set(['{"metadata":{"own":1}}']));
  expect(await document(parent)).toEqual({ n: 1, log: ["x"] });
  expect(await document(root)).toEqual({ n: 5 });
});

test("D4 children that write to one parent at the same time lose nothing, each repeated once", async () => {
  const root = await api.trigger();
  const children = await Promise.all(Array.from({ length: 10 }, () => api.trigger({ parentRunId: root })));
  const requests = children.flatMap((child, index) =>
    Array.from({ length: 5 }, (_, n) => ({ child, key: randomUUID(), name: `${index}.${n}` })),
  );
  const send = ({ child, key, name }: (typeof requests)[number]) =>
    put(
      child,
      {
        operations: [increment("own")],
        parentOperations: [increment("done"), append("names", name)],
        rootOperations: [increment("total", 2)],
      },
      key,
    );
  const answers = await Promise.all([...requests, ...requests].map(send));
  expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
  const { names, ...counts } = await document(root);
  expect(counts).toEqual({ done: 50, total: 100 });
  expect([...names].sort()).toEqual(requests.map(({ name }) => name).sort());
  for (const child of children) expect(await document(child)).toEqual({ own: 5 });
});
