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
  expect(await listed("filter[version]=1")).toEqual([]);
  expect(await listed("filter[tag]=&page[after]=run_unknown")).toEqual([]);
});

test.each([
  ["page[size]=0", "page[size]"],
  ["page[size]=101", "page[size]"],
  ["page[size]=x", "page[size]"],
  ["page[after]='%20OR%201=1", "page[after]"],
  ["filter[status]=FOOBAR,QUEUED", "filter[status]"],
  ["filter[isTest]=maybe", "filter[isTest]"],
  ["filter[createdAt][period]=long", "filter[createdAt][period]"],
  ["filter[createdAt][from]=when", "filter[createdAt][from]"],
  ["filter[createdAt][to]=999999999999999", "filter[createdAt][to]"],
  ["filter[tag]=%00", "filter[tag]"],
])("%s is a Query Error", async (query, parameter) => {
  const answer = await list(query);
  expect(answer.status).toBe(400);
  expect(answer.body).toEqual({
    error: "Query Error",
    details: [{ code: "custom", message: expect.any(String), path: [parameter] }],
  });
});

test("names the statuses that do not exist", async () => {
  expect((await list("filter[status]=FOOBAR,QUEUED")).body.details[0].message).toBe(
    "Invalid status values: FOOBAR",
  );
});
