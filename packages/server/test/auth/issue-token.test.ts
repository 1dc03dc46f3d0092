import { decodeJwt, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEV_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { bearer, signToken } from "./sign-token.ts";

const PATH = "/api/v1/auth/public-tokens";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

test("claims for tokens that a client signs are those the server accepts", async () => {
  const answer = await api.call("POST", "/api/v1/auth/jwt/claims");
  expect([answer.status, answer.text]).toEqual([200, '{"sub":"dev","pub":true}']);
  const token = await signToken(["read:runs"], { claims: answer.body });
  expect((await api.call("GET", "/api/v1/runs", undefined, bearer(token))).status).toBe(200);
});

test("a token from the server is verified by anybody with the key, and works here", async () => {
  const body = {
    scopes: ["read:runs"],
    expirationTime: "1h",
    oneTimeUse: true,
    realtime: { skipColumns: ["payload"] },
  };
  const answer = await api.call("POST", PATH, body);
  expect(answer.status).toBe(200);
  const { payload, protectedHeader } = await jwtVerify(answer.body.token, new TextEncoder().encode(DEV_KEY), {
    issuer: "https://id.trigger.dev",
    audience: "https://api.trigger.dev",
  });
  expect(protectedHeader).toEqual({ alg: "HS256" });
  expect(payload).toMatchObject({ sub: "dev", pub: true, scopes: ["read:runs"], otu: true });
  expect(payload.realtime).toEqual({ skipColumns: ["payload"] });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600);
  expect((await api.call("GET", "/api/v1/runs", undefined, bearer(answer.body.token))).status).toBe(200);
  const plain = decodeJwt((await api.call("POST", PATH, { scopes: ["read:runs"] })).body.token);
  expect((plain.exp ?? 0) - (plain.iat ?? 0)).toBe(900);
  expect(plain).not.toHaveProperty("otu");
  expect(plain).not.toHaveProperty("realtime");
});

const now = () => Math.floor(Date.now() / 1000);
const refused: [string, unknown, string][] = [
  ["a time that is none", "soon", "Invalid expiration time"],
  ["an empty time", "", "Invalid expiration time"],
  ["half a second", now() + 60.5, "Invalid expiration time"],
  ["a time that is past", now() - 1, "Expiration time must be in the future"],
  ["no time at all", "0s", "Expiration time must be in the future"],
  ["a negative time", -5, "Expiration time must be in the future"],
  ["31 days", "31d", "Expiration time cannot exceed 30 days"],
  ["milliseconds for seconds", Date.now() + 60_000, "Expiration time cannot exceed 30 days"],
];
test.each(refused)("expires after %s: refused", async (_, expirationTime, error) => {
  const answer = await api.call("POST", PATH, { scopes: ["read:runs"], expirationTime });
  expect([answer.status, answer.body]).toEqual([400, { error }]);
});

test("a body of another form is named with its issues", async () => {
  for (const body of ["", "null", "[]", "{", {}, { scopes: [] }, { scopes: "admin" }, { scopes: [1] }]) {
    const answer = await api.call("POST", PATH, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: "Invalid request body", issues: expect.any(Array) });
  }
});

test("a token gets neither claims nor tokens", async () => {
  const headers = bearer(await signToken(["admin"]));
  for (const path of [PATH, "/api/v1/auth/jwt/claims"]) {
    const answer = await api.call("POST", path, { scopes: ["admin"] }, headers);
    expect([answer.status, answer.text]).toEqual([401, '{"error":"Invalid or Missing API key"}']);
  }
});
