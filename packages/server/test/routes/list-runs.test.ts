import { listRunsReply } from "@runmeta/runtime/protocol/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
/** Newest first. */
const ids: string[] = [];
beforeAll(async () => {
  api = await startTestServer();
  for (let index = 0; index < 7; index++) {
    ids.unshift(await api.trigger({ tags: [`n${index}`, index % 2 ? "odd" : "even"], test: index === 0 }));
  }
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const list = async (query: string) => await api.call("GET", `/api/v1/runs?${query}`);
const listed = async (query: string) => (await list(query)).body.data.map((run: { id: string }) => run.id);

test("walks forth and back over all runs, newest first", async () => {
  const first = (await list("page[size]=3")).body;
  expect(listRunsReply.safeParse(first).success).toBe(true);
  expect(first.data.map((run: { id: string }) => run.id)).toEqual(ids.slice(0, 3));
  expect(first.data[0].env).toEqual({ id: "dev", name: "dev" });
  expect(first.data[0]).not.toHaveProperty("depth");
  expect(Object.keys(first.pagination)).toEqual(["next"]);
  const second = (await list(`page[size]=3&page[after]=${first.pagination.next}`)).body;
  expect(second.data.map((run: { id: string }) => run.id)).toEqual(ids.slice(3, 6));
  const third = (await list(`page[size]=3&page[after]=${second.pagination.next}`)).body;
  expect(third.data.map((run: { id: string }) => run.id)).toEqual(ids.slice(6));
  expect(Object.keys(third.pagination)).toEqual(["previous"]);
  const back = (await list(`page[size]=3&page[before]=${third.pagination.previous}`)).body;
  expect(back.data).toEqual(second.data);
  const start = (await list(`page[size]=3&page[before]=${back.pagination.previous}`)).body;
  expect(start.data).toEqual(first.data);
  expect(Object.keys(start.pagination)).toEqual(["next"]);
});

test("filters", async () => {
  expect(await listed("filter[tag]=n1,n3")).toEqual([ids[3], ids[5]]);
  expect(await listed("filter[isTest]=true")).toEqual([ids[6]]);
  expect(await listed("filter[status]=EXECUTING")).toEqual([]);
  expect(await listed("filter[status]=QUEUED,EXECUTING&page[size]=1")).toEqual([ids[0]]);
  expect(await listed("filter[taskIdentifier]=other")).toEqual([]);
  expect(await listed("filter[createdAt][period]=1d")).toHaveLength(7);
  expect(await listed(`filter[createdAt][from]=${Date.now() + 60_000}`)).toEqual([]);
  expect(await listed(`filter[createdAt][to]=${new Date(Date.now() + 60_000).toISOString()}`)).toHaveLength(
    7,
  );
  expect(await listed("filter[createdAt][period]=1h30m")).toHaveLength(7);
  expect(await listed("filter[createdAt][period]=999999999w")).toHaveLength(7);
  expect(await listed("filter[version]=1")).toEqual([]);
  expect(await listed("filter[machine]=micro&filter[region]=eu")).toEqual([]);
  for (const none of ["schedule", "bulkAction", "error", "batch"])
    expect(await listed(`filter[${none}]=x`)).toEqual([]);
  expect(await listed("filter[status]=FROZEN,REATTEMPTING,INTERRUPTED,WAITING_FOR_DEPLOY")).toEqual([]);
  expect(await listed("filter[tag]=&page[after]=run_unknown")).toEqual([]);
});

test("a version is what a run is locked to, a region what it was triggered for", async () => {
  const id = await api.trigger(
    { lockToVersion: "20250716.1", region: "eu", machine: "micro" },
    { last: true },
  );
  const found = [
    "filter[version]=20250716.1,other",
    "filter[region]=eu",
    "filter[machine]=micro,large-1x",
    "filter[queue]=task/hello&page[size]=1",
  ];
  for (const query of found) expect(await listed(query)).toEqual([id]);
  ids.unshift(id);
});

const pageSize = "Page size must be between 1 and 100";
test.each([
  ["page[size]=0", "page[size]", pageSize],
  ["page[size]=101", "page[size]", pageSize],
  ["page[size]=1.5", "page[size]", pageSize],
  ["page[size]=x", "page[size]", pageSize],
  ["page[after]='%20OR%201=1", "page[after]", "Invalid cursor"],
  ["page[before]=batch_1", "page[before]", "Invalid cursor"],
  ["filter[status]=FOOBAR,QUEUED", "filter[status]", "Invalid status values: FOOBAR"],
  ["filter[status]=FOO,__proto__", "filter[status]", "Invalid status values: FOO, __proto__"],
  ["filter[machine]=huge,micro", "filter[machine]", "Invalid machine values: huge"],
  ["filter[isTest]=maybe", "filter[isTest]", "Invalid value for isTest: maybe"],
  ["filter[createdAt][period]=long", "filter[createdAt][period]", "must be a duration such as 1d"],
  ["filter[createdAt][from]=when", "filter[createdAt][from]", "must be a date or milliseconds since 1970"],
  [
    "filter[createdAt][to]=999999999999999",
    "filter[createdAt][to]",
    "must be a date or milliseconds since 1970",
  ],
])("%s is a Query Error", async (query, parameter, message) => {
  const answer = await list(query);
  expect(answer.status).toBe(400);
  expect(answer.body).toEqual({
    error: "Query Error",
    details: [{ code: expect.any(String), message, path: [parameter] }],
  });
});

test("a value with control characters, and more than a hundred of them, are Query Errors too", async () => {
  for (const query of ["filter[tag]=%00", "filter[batch]=%00", `filter[tag]=${"t,".repeat(101)}`]) {
    const answer = await list(query);
    expect([answer.status, answer.body.error]).toEqual([400, "Query Error"]);
  }
});

test("names every parameter that is wrong", async () => {
  const { details } = (await list("page[size]=0&filter[status]=A&filter[isTest]=b")).body;
  expect(details.map((detail: { path: string[] }) => detail.path)).toEqual([
    ["page[size]"],
    ["filter[status]"],
    ["filter[isTest]"],
  ]);
});
