import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEV_KEY, PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const FIELDS = [
  "createdAt",
  "id",
  "messages",
  "metadata",
  "metadataLabels",
  "metadataSchema",
  "name",
  "organizationId",
  "productSurfaceId",
  "type",
  "updatedAt",
  "userId",
];

const create = async (fields: object = {}) => {
  const answer = await api.call("POST", "/v1/records", { name: "Ada", type: "customer", ...fields });
  if (answer.status !== 201) throw new Error(`create answered ${answer.status} ${answer.text}`);
  return { id: answer.body.id as string, etag: answer.headers.get("etag") ?? "", body: answer.body };
};
const path = (id: string) => `/v1/records/${encodeURIComponent(id)}`;
const put = (id: string, body: unknown, headers: Record<string, string> = {}) =>
  api.call("PUT", path(id), body, headers);
const get = (id: string) => api.call("GET", path(id));

describe("create", () => {
  test("gives the record with every field, 201 and an ETag", async () => {
    const answer = await api.call("POST", "/v1/records", { name: "Ada", type: "customer" });
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body).sort()).toEqual(FIELDS);
    expect(answer.body).toMatchObject({
      id: expect.stringMatching(/^rec_[0-9a-z]{25}$/),
      name: "Ada",
      type: "customer",
      metadata: {},
      messages: null,
      userId: "user_dev",
      organizationId: "org_dev",
      productSurfaceId: null,
      metadataLabels: {},
      metadataSchema: {},
    });
    expect(new Date(answer.body.createdAt).toISOString()).toBe(answer.body.createdAt);
    expect(answer.body.updatedAt).toBe(answer.body.createdAt);
    expect(answer.headers.get("etag")).toMatch(/^"\d+"$/);
    const read = await get(answer.body.id);
    expect([read.status, read.body, read.headers.get("etag")]).toEqual([
      200,
      answer.body,
      answer.headers.get("etag"),
    ]);
  });

  test("takes an id of the caller's, whatever it is made of, and answers 409 when it is there", async () => {
    for (const id of ["rec_mine", "a/b c?d#e%2F", "日本😀", "constructor", "x".repeat(255)]) {
      await create({ id, metadata: { mine: id } });
      expect((await get(id)).body).toMatchObject({ id, metadata: { mine: id } });
      const again = await api.call("POST", "/v1/records", { id, name: "B", type: "t" });
      expect([again.status, again.text]).toEqual([409, '{"error":"A record with this id exists already"}']);
      expect(again.headers.get("x-should-retry")).toBe("false");
      expect((await get(id)).body.name).toBe("Ada");
    }
  });

  test("of twenty at once with one id one succeeds", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        api.call("POST", "/v1/records", { id: "rec_race", name: `n${n}`, type: "t" }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(19).fill(409)]);
    const winner = answers.find((answer) => answer.status === 201);
    expect((await get("rec_race")).body).toEqual(winner?.body);
  });

  test("F4 a reply that was lost: the same request again gives the same record", async () => {
    const headers = { "x-trigger-request-idempotency-key": "create-1" };
    const body = { name: "Once", type: "once" };
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => api.call("POST", "/v1/records", body, headers)),
    );
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    await put(answers[0]?.body.id, { name: "Changed" });
    expect((await api.call("POST", "/v1/records", body, headers)).body.name).toBe("Changed");
    expect((await api.call("GET", "/v1/records?type=once")).body.data).toHaveLength(1);
    // The same key with an id of its own is another record's request, not this one's.
    const other = await api.call("POST", "/v1/records", { ...body, id: "rec_else" }, headers);
    expect(other.status).toBe(409);
  });

  test("refuses a record without name or type", async () => {
    const nameless = await api.call("POST", "/v1/records", { type: "t" });
    expect([nameless.status, nameless.body.error]).toEqual([
      400,
      expect.stringMatching(/^Validation error: .* at "name"$/),
    ]);
    expect((await api.call("POST", "/v1/records", { name: "n" })).status).toBe(400);
    for (const id of ["", " ", ".", "..", "x".repeat(256), "a\0b", "\ud800", 5, null])
      expect((await api.call("POST", "/v1/records", { id, name: "n", type: "t" })).status).toBe(400);
  });
});

describe("update", () => {
  test("leaves omitted fields as they are and replaces metadata and messages whole", async () => {
    const { id, body } = await create({ metadata: { a: 1, b: { c: 2 } }, messages: [{ role: "user" }] });
    const metadata = await put(id, { metadata: { b: 3 } });
    expect(metadata.status).toBe(200);
    expect(Object.keys(metadata.body).sort()).toEqual(FIELDS);
    expect(metadata.body).toMatchObject({ ...body, metadata: { b: 3 }, updatedAt: expect.any(String) });
    expect(metadata.body.metadata).toEqual({ b: 3 });
    expect((await put(id, { name: "N" })).body).toMatchObject({ name: "N", metadata: { b: 3 } });
    expect((await put(id, { type: "T" })).body).toMatchObject({ type: "T", messages: [{ role: "user" }] });
    expect((await put(id, { messages: null })).body).toMatchObject({ messages: null, metadata: { b: 3 } });
    expect((await put(id, { messages: [] })).body.messages).toEqual([]);
    const nothing = await put(id, {});
    expect(nothing.status).toBe(200);
    expect(nothing.body).toMatchObject({ name: "N", type: "T", metadata: { b: 3 }, messages: [] });
    expect((await get(id)).body).toEqual(nothing.body);
  });

  test("takes what JSON can hold and gives it back as it was", async () => {
    const { id } = await create();
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.string({ unit: "binary" }).filter((key) => key !== "__proto__"),
          fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"__proto__":')),
        ),
        async (metadata) => {
          const sent = JSON.parse(JSON.stringify(metadata)) as unknown;
          const answer = await put(id, { metadata: sent });
          expect([answer.status, answer.body.metadata]).toEqual([200, sent]);
        },
      ),
      { numRuns: 50 },
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("has no limit for metadata but that of the body, beyond which it answers 413", async () => {
    const { id } = await create();
    expect((await put(id, { metadata: { text: "x".repeat(1_000_000) } })).status).toBe(200);
    const answer = await put(id, { metadata: { text: "x".repeat(2 * 1024 * 1024) } });
    expect([answer.status, answer.text]).toEqual([413, '{"error":"Request body too large"}']);
    expect((await get(id)).body.metadata.text).toHaveLength(1_000_000);
  });

  test("answers 404 for an unknown or an impossible id", async () => {
    for (const id of ["rec_none", "../x", "\0", "x".repeat(10_000), "__proto__", " "]) {
      const answer = await put(id, { name: "n" });
      expect([answer.status, answer.text]).toEqual([404, '{"error":"Record not found"}']);
    }
  });

  test("with If-Match writes only the version that was read, else 409", async () => {
    const { id, etag } = await create();
    const first = await put(id, { name: "1" }, { "if-match": etag });
    expect(first.status).toBe(200);
    const stale = await put(id, { name: "2" }, { "if-match": etag });
    expect(stale.status).toBe(409);
    expect(stale.body.error).toMatch(/If-Match/);
    expect(stale.headers.get("x-should-retry")).toBe("false");
    const current = first.headers.get("etag") ?? "";
    expect(current).not.toBe(etag);
    for (const none of ['"abc"', '"0"', `"${"9".repeat(40)}"`, "garbage", '"1" "2"', ","])
      expect((await put(id, { name: "2" }, { "if-match": none })).status).toBe(409);
    expect((await get(id)).body.name).toBe("1");
    expect((await put(id, { name: "3" }, { "if-match": `"0", W/${current}` })).status).toBe(200);
    expect((await put(id, { name: "4" }, { "if-match": "*" })).status).toBe(200);
    expect((await put("rec_none", { name: "4" }, { "if-match": etag })).status).toBe(404);
  });

  test("of twenty at once with one ETag one succeeds", async () => {
    const { id, etag } = await create({ metadata: { n: -1 } });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => put(id, { metadata: { n } }, { "if-match": etag })),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(19).fill(409)]);
    const winner = answers.findIndex((answer) => answer.status === 200);
    expect((await get(id)).body.metadata).toEqual({ n: winner });
  });

  test("F4 with If-Match, sent again after its reply was lost, is answered and not refused", async () => {
    const { id, etag } = await create();
    const headers = { "if-match": etag, "x-trigger-request-idempotency-key": "update-1" };
    const first = await put(id, { name: "1" }, headers);
    const again = await put(id, { name: "1" }, headers);
    expect([again.status, again.body, again.headers.get("etag")]).toEqual([
      200,
      first.body,
      first.headers.get("etag"),
    ]);
  });

  test("an ETag does not outlive its record", async () => {
    const { id, etag } = await create({ id: "rec_phoenix" });
    await api.call("DELETE", path(id));
    await create({ id });
    expect((await put(id, { name: "n" }, { "if-match": etag })).status).toBe(409);
  });
});

describe("S3 bad bodies", () => {
  const bodies: [string, unknown, number, string][] = [
    ["empty", "", 400, "Request body is empty"],
    ["no JSON", "{", 400, "Invalid JSON"],
    ["null", "null", 400, "Invalid JSON"],
    ["a list", "[]", 400, "Validation error"],
    ["a text", '"x"', 400, "Validation error"],
    ["invalid UTF-8", new Uint8Array([0x22, 0xff, 0x22]), 400, "Invalid JSON"],
    ["1e400", '{"metadata":{"a":1e400}}', 400, 'at "metadata"'],
    ["__proto__", '{"metadata":{"__proto__":{"polluted":1}}}', 400, 'at "metadata"'],
    ["metadata null", '{"metadata":null}', 400, 'at "metadata"'],
    ["metadata a list", '{"metadata":[]}', 400, 'at "metadata"'],
    ["65 levels", `{"metadata":{"a":${"[".repeat(64)}${"]".repeat(64)}}}`, 400, 'at "metadata"'],
    ["7,000 levels", `{"metadata":{"a":${"[".repeat(7000)}${"]".repeat(7000)}}}`, 400, "nested deeper"],
    ["1,000,000 levels", "[".repeat(1_000_000), 400, "nested deeper"],
    ["messages a text", '{"messages":"x"}', 400, 'at "messages"'],
    ["messages of texts", '{"messages":["x"]}', 400, 'at "messages.0"'],
    ["name empty", '{"name":""}', 400, 'at "name"'],
    ["name null", '{"name":null}', 400, 'at "name"'],
    ["name of 501", JSON.stringify({ name: "x".repeat(501) }), 400, 'at "name"'],
    ["type of 256", JSON.stringify({ type: "x".repeat(256) }), 400, 'at "type"'],
    ["NUL in a name", '{"name":"a\\u0000"}', 400, 'at "name"'],
    ["half a surrogate pair in a type", '{"type":"\\ud800"}', 400, 'at "type"'],
  ];
  test.each(bodies)("%s", async (_, body, status, text) => {
    const { id } = await create({ metadata: { kept: true } });
    for (const [method, where] of [
      ["PUT", path(id)],
      ["POST", "/v1/records"],
    ] as const) {
      const answer = await api.call(method, where, body);
      expect(answer.status).toBe(status);
      if (method === "PUT") expect(answer.body.error).toContain(text);
    }
    expect((await get(id)).body).toMatchObject({ name: "Ada", metadata: { kept: true } });
  });

  test("the longest name and type are taken, a byte order mark is skipped, other content types are 415", async () => {
    const { id } = await create({ name: "é".repeat(500), type: "x".repeat(255) });
    expect((await put(id, '\ufeff{"name":"b"}')).body.name).toBe("b");
    expect((await put(id, '{"name":"c"}', { "content-type": "text/plain" })).status).toBe(415);
  });

  test("S1 an upload that declares no length is cut off at the limit", async () => {
    const { id } = await create();
    let given = 0;
    const endless = new ReadableStream({
      pull(controller) {
        given += 1;
        controller.enqueue(new TextEncoder().encode("x".repeat(100_000)));
      },
    });
    expect((await put(id, endless)).status).toBe(413);
    expect(given).toBeLessThan(40);
  });
});

describe("delete", () => {
  test("deletes for good; the second time it is 404", async () => {
    const { id } = await create();
    const deleted = await api.call("DELETE", path(id));
    expect([deleted.status, deleted.body]).toEqual([200, { success: true }]);
    for (const method of ["GET", "DELETE"])
      expect((await api.call(method, path(id))).text).toBe('{"error":"Record not found"}');
  });

  test("with If-Match only the version that was read", async () => {
    const { id, etag } = await create();
    const current = (await put(id, { name: "1" })).headers.get("etag") ?? "";
    expect((await api.call("DELETE", path(id), undefined, { "if-match": etag })).status).toBe(409);
    expect((await api.call("DELETE", path(id), undefined, { "if-match": current })).status).toBe(200);
  });
});

describe("list", () => {
  const list = async (query: string) => (await api.call("GET", `/v1/records?${query}`)).body;
  const names = (page: { data: { name: string }[] }) => page.data.map((record) => record.name);

  test("newest first, by type and name", async () => {
    for (const name of ["a", "b", "c"]) await create({ name, type: "listed" });
    await create({ name: "a", type: "listed too" });
    expect(names(await list("type=listed"))).toEqual(["c", "b", "a"]);
    expect(names(await list("type=listed&name=b"))).toEqual(["b"]);
    expect((await list("name=a&limit=1")).data[0]).toMatchObject({ type: "listed too" });
    expect(await list("type=none")).toEqual({
      data: [],
      pagination: { hasMore: false, hasPrev: false, limit: 20 },
    });
    expect(Object.keys((await list("type=listed")).data[0]).sort()).toEqual(FIELDS);
  });

  test("stays in order where the numbers behind the cursors grow by a digit", async () => {
    await using fresh = await startTestServer();
    const made = Array.from({ length: 8 }, (_, n) => `${n}`);
    for (const name of made) await fresh.call("POST", "/v1/records", { name, type: "t" });
    const answer = await fresh.call("GET", "/v1/records?limit=7");
    expect(names(answer.body)).toEqual(made.slice(1).reverse());
    expect(
      names((await fresh.call("GET", `/v1/records?cursor=${answer.body.pagination.next}`)).body),
    ).toEqual(["0"]);
  });

  test("pages in the words of both APIs, also past a record that was deleted", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) ids.push((await create({ name: `${n}`, type: "paged" })).id);
    const first = await list("type=paged&limit=3");
    expect([names(first), first.pagination]).toEqual([
      ["6", "5", "4"],
      {
        next: first.pagination.next,
        nextCursor: first.pagination.next,
        hasMore: true,
        hasPrev: false,
        limit: 3,
      },
    ]);
    await api.call("DELETE", path(ids[4] ?? ""));
    const second = await list(`type=paged&limit=3&cursor=${first.pagination.nextCursor}`);
    expect(names(second)).toEqual(["3", "2", "1"]);
    const third = await list(`type=paged&page[size]=3&page[after]=${second.pagination.next}`);
    expect([names(third), third.pagination.hasMore, third.pagination.next]).toEqual([
      ["0"],
      false,
      undefined,
    ]);
    const back = await list(`type=paged&page[size]=3&page[before]=${third.pagination.previous}`);
    expect(names(back)).toEqual(["3", "2", "1"]);
    const both = `page[after]=${second.pagination.next}&page[before]=${third.pagination.previous}`;
    expect(await list(`type=paged&page[size]=3&${both}`)).toEqual(back);
    expect(names(await list(`type=paged&page[size]=3&page[before]=${back.pagination.previous}`))).toEqual([
      "6",
      "5",
    ]);
  });

  test.each([
    "limit=0",
    "limit=101",
    "limit=x",
    "page[size]=0",
    "cursor=rec_abc",
    "cursor=9999999999999999999999",
    "page[before]=-1",
    "type=%00",
  ])("refuses ?%s", async (query) => {
    const answer = await api.call("GET", `/v1/records?${query}`);
    expect([answer.status, answer.body.error]).toEqual([400, "Query Error"]);
    expect(answer.body.details[0].path).toEqual([query.split("=")[0]]);
  });
});

describe("A1 keys", () => {
  test("a bearer key and a bare one open, nothing else does", async () => {
    const { id } = await create();
    const ask = async (authorization: string | undefined) => {
      const request = new Request(`http://localhost/v1/records/${id}`, {
        headers: authorization === undefined ? {} : { authorization },
      });
      const response = await api.server.fetch(request);
      return response.status === 200 ? 200 : `${response.status} ${await response.text()}`;
    };
    for (const right of [DEV_KEY, `Bearer ${DEV_KEY}`, `bearer ${DEV_KEY}`, ` ${DEV_KEY} `])
      expect(await ask(right)).toBe(200);
    for (const none of [undefined, "", "Bearer", "Basic abc"])
      expect(await ask(none)).toBe('401 {"error":"Invalid or Missing API key"}');
    for (const wrong of ["garbage", `${DEV_KEY}x`, DEV_KEY.slice(0, -1), `Bearer ${DEV_KEY}x`, "tr_dev_"])
      expect(await ask(wrong)).toBe('401 {"error":"Invalid API key"}');
    expect(await ask("Bearer eyJhbGciOiJub25lIn0.eyJwdWIiOnRydWV9.")).toBe('401 {"error":"Invalid API key"}');
  });

  test("an environment sees nothing of another's records, also under the same id", async () => {
    const prod = { authorization: `Bearer ${PROD_KEY}` };
    const { id } = await create({ id: "rec_shared", type: "isolated" });
    expect((await api.call("GET", path(id), undefined, prod)).status).toBe(404);
    expect((await put(id, { name: "x" }, prod)).status).toBe(404);
    expect((await api.call("DELETE", path(id), undefined, prod)).status).toBe(404);
    const own = await api.call("POST", "/v1/records", { id, name: "prod", type: "isolated" }, prod);
    expect([own.status, own.body.userId]).toEqual([201, "user_prod"]);
    expect((await api.call("GET", "/v1/records?type=isolated", undefined, prod)).body.data).toHaveLength(1);
    expect((await get(id)).body.name).toBe("Ada");
  });

  test("a bare key opens records only", async () => {
    const answer = await api.call("GET", "/api/v1/runs", undefined, { authorization: DEV_KEY });
    expect(answer.status).toBe(401);
  });
});
