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

type Filter = Readonly<Record<string, string>>;

function queryOf(filter: Filter, more: Filter = {}): string {
  const query = new URLSearchParams(more);
  for (const [key, value] of Object.entries(filter)) query.append(`filter[metadata][${key}]`, value);
  return query.toString();
}

async function find(filter: Filter, more: Filter = {}): Promise<string[]> {
  const answer = await api.call("GET", `/api/v1/runs?${queryOf(filter, more)}`);
  expect(answer.status).toBe(200);
  return answer.body.data.map((run: { id: string }) => run.id);
}

const finds = (filter: Filter, ids: readonly string[]) => expect.poll(() => find(filter)).toEqual(ids);

async function put(id: string, body: object): Promise<void> {
  expect((await api.call("PUT", `/api/v1/runs/${id}/metadata`, body)).status).toBe(200);
}

test("finds runs by texts, numbers, booleans and null, further in by a path", async () => {
  const id = await api.trigger({
    metadata: {
      text: "a=b",
      n: 1.5,
      yes: true,
      none: null,
      o: { "x.y": { z: "deep" } },
      empty: "",
      list: ["in"],
    },
  });
  await finds({ text: "a=b" }, [id]);
  const found = [{ n: "1.5" }, { yes: "true" }, { none: "null" }, { "o.x.y.z": "deep" }, { empty: "" }];
  for (const filter of found) expect(await find({ text: "a=b", ...filter })).toEqual([id]);
  const missed = [{ n: "1" }, { none: "" }, { o: "deep" }, { list: "in" }, { "text=a": "b" }];
  for (const filter of missed) expect(await find({ text: "a=b", ...filter } as Filter)).toEqual([]);
});

test("follows what is written, also by children, and forgets what was", async () => {
  const parent = await api.trigger();
  const child = await api.trigger({ parentRunId: parent });
  await put(child, {
    operations: [{ type: "set", key: "stage", value: "child" }],
    parentOperations: [{ type: "set", key: "stage", value: "parent" }],
  });
  await finds({ stage: "parent" }, [parent]);
  await finds({ stage: "child" }, [child]);
  await put(parent, { metadata: { stage: "replaced" } });
  // Never by what it was, however late the index is.
  expect(await find({ stage: "parent" })).toEqual([]);
  await finds({ stage: "replaced" }, [parent]);
});

test("finds long values, and tells those apart that begin alike", async () => {
  const long = "x".repeat(600);
  const ids = [];
  for (const end of ["a", "b"]) ids.push(await api.trigger({ metadata: { long: long + end } }));
  await finds({ long: `${long}a` }, [ids[0] ?? ""]);
  await finds({ long: `${long}b` }, [ids[1] ?? ""]);
});

test("goes with other filters, and page by page past documents that changed meanwhile", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 9; n += 1)
    ids.unshift(await api.trigger({ metadata: { lot: "pages", n }, tags: [n % 2 === 0 ? "even" : "odd"] }));
  await finds({ lot: "pages" }, ids);
  expect(await find({ lot: "pages" }, { "filter[tag]": "odd" })).toEqual(
    ids.filter((_, index) => index % 2 === 1),
  );
  const page = async (more: Filter) =>
    (await api.call("GET", `/api/v1/runs?${queryOf({ lot: "pages" }, { "page[size]": "4", ...more })}`)).body;
  const first = await page({});
  const second = await page({ "page[after]": first.pagination.next });
  const third = await page({ "page[after]": second.pagination.next });
  const idsOf = (body: { data: { id: string }[] }) => body.data.map((run) => run.id);
  expect([first, second, third].map(idsOf)).toEqual([ids.slice(0, 4), ids.slice(4, 8), ids.slice(8)]);
  expect(await page({ "page[before]": third.pagination.previous })).toEqual(second);
  for (const id of ids.slice(0, 5))
    await put(id, { operations: [{ type: "set", key: "lot", value: "other" }] });
  expect(idsOf(await page({}))).toEqual(ids.slice(5));
});

test("refuses what cannot be a filter", async () => {
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`k${index}`, "v"]));
  const wrong = [
    "filter[metadata]=x",
    "filter[metadata][]=x",
    "filter[metadata][a=x",
    queryOf({ a: "x".repeat(1001) }),
    queryOf(many),
  ];
  for (const query of wrong) {
    const answer = await api.call("GET", `/api/v1/runs?${query}`);
    expect([answer.status, answer.body.error], query).toEqual([400, "Query Error"]);
  }
});
