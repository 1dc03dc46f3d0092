import { listSessionsReply } from "@runmeta/runtime/protocol/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { pathOf, sessionCalls } from "./session-calls.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});
const { create } = sessionCalls(() => api);

describe("GET /api/v1/sessions", () => {
  /** Newest first; in an environment of their own. */
  const ids: string[] = [];
  const production = { authorization: `Bearer ${PROD_KEY}` };
  const list = (query: string) => api.call("GET", `/api/v1/sessions?${query}`, undefined, production);
  const listed = async (query: string) =>
    (await list(query)).body.data
      .filter(({ type }: { type: string }) => type.startsWith("listed"))
      .map(({ id }: { id: string }) => id);
  const make = async (index: number) => {
    const changes = {
      type: `listed-${index % 2}`,
      externalId: `listed ${index}`,
      tags: [`n${index}`],
      taskIdentifier: index === 0 ? "first" : "answer",
      metadata: { index },
      ...(index === 3 ? { expiresAt: new Date(Date.now() + 86_400_000).toISOString() } : {}),
    };
    ids.unshift((await create(changes, production)).body.id);
  };
  beforeAll(async () => {
    for (let index = 0; index < 5; index++) await make(index);
    await api.call("POST", `${pathOf("listed 1")}/close`, {}, production);
  });

  test("walks forth and back, newest first", async () => {
    const type = "filter[type]=listed-0,listed-1";
    const first = (await list(`${type}&page[size]=2`)).body;
    expect(listSessionsReply.safeParse(first).success).toBe(true);
    expect(first.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    expect(first.data[0]).not.toHaveProperty("triggerConfig");
    expect(first.data[0]).toMatchObject({ metadata: { index: 4 }, currentRunId: expect.any(String) });
    expect(Object.keys(first.pagination)).toEqual(["next"]);
    const second = (await list(`${type}&page[size]=2&page[after]=${first.pagination.next}`)).body;
    expect(second.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(2, 4));
    const third = (await list(`${type}&page[size]=2&page[after]=${second.pagination.next}`)).body;
    expect(third.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(4));
    expect(Object.keys(third.pagination)).toEqual(["previous"]);
    const back = (await list(`${type}&page[size]=2&page[before]=${third.pagination.previous}`)).body;
    expect(back.data).toEqual(second.data);
    // Where a client goes back, the cursor by which it went forward is still there.
    const both = `page[after]=${second.pagination.next}&page[before]=${third.pagination.previous}`;
    expect((await list(`${type}&page[size]=2&${both}`)).body).toEqual(back);
  });

  test("filters, several values split at commas", async () => {
    expect(await listed("filter[type]=listed-1")).toEqual([ids[1], ids[3]]);
    expect(await listed("filter[tags]=n0,n4")).toEqual([ids[0], ids[4]]);
    expect(await listed("filter[taskIdentifier]=first")).toEqual([ids[4]]);
    expect(await listed("filter[externalId]=listed 2")).toEqual([ids[2]]);
    expect(await listed("filter[status]=CLOSED")).toEqual([ids[3]]);
    expect(await listed("filter[status]=CLOSED,EXPIRED")).toEqual([ids[3]]);
    expect(await listed("filter[status]=ACTIVE")).toEqual([ids[0], ids[1], ids[2], ids[4]]);
    expect(await listed("filter[createdAt][period]=1d")).toHaveLength(5);
    expect(await listed(`filter[createdAt][from]=${Date.now() + 60_000}`)).toEqual([]);
    expect(await listed(`filter[createdAt][to]=${new Date(0).toISOString()}`)).toEqual([]);
    expect(await listed("filter[tags]=&page[after]=session_unknown")).toEqual([]);
  });

  test.each([
    ["page[size]=0", "page[size]"],
    ["page[size]=101", "page[size]"],
    ["page[after]='%20OR%201=1", "page[after]"],
    ["filter[status]=FOOBAR", "filter[status]"],
    ["filter[createdAt][period]=long", "filter[createdAt][period]"],
    ["filter[createdAt][from]=when", "filter[createdAt][from]"],
    ["filter[createdAt][to]=999999999999999", "filter[createdAt][to]"],
    ["filter[tags]=%00", "filter[tags]"],
    ["filter[externalId]=%00", "filter[externalId]"],
  ])("%s is a Query Error", async (query, parameter) => {
    const answer = await list(query);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      error: "Query Error",
      details: [
        expect.objectContaining({
          code: expect.any(String),
          message: expect.any(String),
          path: expect.arrayContaining([parameter]),
        }),
      ],
    });
  });
});
