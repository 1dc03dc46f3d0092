import { describe, expect, test } from "vitest";
import { onEveryDatabase } from "./api.ts";
import { DEV_KEY, PROD_KEY } from "./keys.ts";

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
const ada = { name: "Ada", type: "customer", metadata: { plan: "free" } };
let serial = 0;
/** An id that no other test has. */
const fresh = () => `rec_${++serial}`;

// There is no official client: this is what Runtype's page says, by plain requests.
onEveryDatabase((api) => {
  const put = (id: string, body: unknown, headers = {}) =>
    api.plain("PUT", `/v1/records/${encodeURIComponent(id)}`, { body, headers });
  const created = async (fields: object = {}) => {
    const answer = await api.plain("POST", "/v1/records", { body: { ...ada, id: fresh(), ...fields } });
    expect(answer.status).toBe(201);
    return { id: answer.body.id as string, etag: answer.headers.get("etag") ?? "", record: answer.body };
  };

  describe("PUT /v1/records/:id", () => {
    test("200 with every field; what is left out stays, metadata and messages are replaced whole", async () => {
      const { id, record } = await created({ messages: [{ role: "user" }] });
      const answer = await put(id, { metadata: { seats: 3 } });
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.body).sort()).toEqual(FIELDS);
      expect(answer.body).toEqual({
        ...record,
        metadata: { seats: 3 },
        updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      });
      expect((await put(id, { name: "N", messages: null })).body).toMatchObject({
        name: "N",
        type: "customer",
        messages: null,
        metadata: { seats: 3 },
      });
      expect((await put(id, {})).body).toMatchObject({ name: "N", metadata: { seats: 3 } });
    });

    test.each([
      ["no name", { name: "" }],
      ["a name of 501 characters", { name: "x".repeat(501) }],
      ["no type", { type: "" }],
      ["a type of 256 characters", { type: "x".repeat(256) }],
      ["metadata that is a list", { metadata: [] }],
      ["metadata that is null", { metadata: null }],
      ["messages that are texts", { messages: ["x"] }],
      ["messages that are an object", { messages: {} }],
      ["a list", []],
      ["null", "null"],
      ["nothing", ""],
      ["half of it", '{"name":'],
    ])("400 for %s, and nothing of it is written", async (_name, body) => {
      const { id, record } = await created();
      const answer = await put(id, body);
      expect([answer.status, typeof answer.body.error]).toEqual([400, "string"]);
      expect((await api.plain("GET", `/v1/records/${id}`)).body).toEqual(record);
    });

    test("404 for one that is not there, or in another environment, or that no record can be called", async () => {
      const { id } = await created();
      const body = { name: "x" };
      expect((await put("rec_none", body)).status).toBe(404);
      const other = await api.plain("PUT", `/v1/records/${id}`, { body, key: PROD_KEY });
      expect([other.status, other.body]).toEqual([404, { error: "Record not found" }]);
      // S4
      for (const impossible of ["\0", " ", "x".repeat(10_000)])
        expect((await put(impossible, body)).status).toBe(404);
    });

    test("409 for a stale If-Match, at once, and nothing is written", async () => {
      const { id, etag } = await created();
      const first = await put(id, { name: "first" }, { "if-match": etag });
      expect(first.status).toBe(200);
      const stale = await put(id, { name: "second" }, { "if-match": etag });
      expect([stale.status, stale.headers.get("x-should-retry")]).toEqual([409, "false"]);
      expect((await api.plain("GET", `/v1/records/${id}`)).body.name).toBe("first");
      const next = await put(id, { name: "second" }, { "if-match": first.headers.get("etag") ?? "" });
      expect(next.status).toBe(200);
    });

    test("S1 413 beyond the body's limit", async () => {
      const { id } = await created();
      expect((await put(id, { metadata: { k: "x".repeat(2 * 1024 * 1024) } })).status).toBe(413);
    });

    test("S2 400 for what is too deep and for 1e400; NUL and lone surrogates come back as they were", async () => {
      const { id } = await created();
      for (const value of ["[".repeat(7_000) + "]".repeat(7_000), "1e400"])
        expect((await put(id, `{"metadata":{"k":${value}}}`)).status).toBe(400);
      const metadata = { nul: "\0", half: "\ud800", ["\0"]: 1 };
      expect((await put(id, { metadata })).body.metadata).toEqual(metadata);
    });
  });

  describe("create, list, retrieve, delete", () => {
    test("409 for an id that exists, and the record stays", async () => {
      const { id, record } = await created();
      const answer = await api.plain("POST", "/v1/records", { body: { ...ada, id, name: "other" } });
      expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([409, "false"]);
      expect((await api.plain("GET", `/v1/records/${id}`)).body).toEqual(record);
    });

    test("a list by type, there and back; a deleted record is 404", async () => {
      const type = `type ${fresh()}`;
      const ids: string[] = [];
      for (let n = 0; n < 3; n += 1) ids.unshift((await created({ type })).id);
      const page = async (query: string) =>
        (await api.plain("GET", `/v1/records?type=${encodeURIComponent(type)}&${query}`)).body;
      const first = await page("limit=2");
      expect(first.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
      const second = await page(`limit=2&cursor=${first.pagination.nextCursor}`);
      expect(second.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(2));
      expect(second.pagination).toMatchObject({ hasMore: false, hasPrev: true });
      const gone = `/v1/records/${ids[0]}`;
      expect((await api.plain("DELETE", gone)).status).toBeLessThan(300);
      for (const method of ["GET", "DELETE"]) expect((await api.plain(method, gone)).status).toBe(404);
      expect((await page("")).data).toHaveLength(2);
    });
  });

  describe("A1 keys", () => {
    test.each(["GET", "PUT", "DELETE"])("%s takes the key as a bearer and bare", async (method) => {
      for (const authorization of [`Bearer ${DEV_KEY}`, DEV_KEY]) {
        const { id } = await created();
        const body = method === "PUT" ? { body: {} } : {};
        const answer = await api.plain(method, `/v1/records/${id}`, {
          ...body,
          key: null,
          headers: { authorization },
        });
        expect(answer.status).toBeLessThan(300);
      }
    });

    test("401 for none, a wrong one and a part of one, before anything is looked at", async () => {
      const ask = async (authorization?: string) => {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
        const answer = await api.plain("PUT", "/v1/records/rec_none", { body: "{", key: null, headers });
        return [answer.status, answer.body.error];
      };
      expect(await ask()).toEqual([401, "Invalid or Missing API key"]);
      for (const wrong of ["tr_dev_other", DEV_KEY.slice(0, -1), `${DEV_KEY}x`, "x"])
        for (const authorization of [wrong, `Bearer ${wrong}`])
          expect(await ask(authorization)).toEqual([401, "Invalid API key"]);
    });
  });
});
