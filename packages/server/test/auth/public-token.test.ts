import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEV_KEY, PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { bearer, signToken, type TokenChanges, tokenPart } from "./sign-token.ts";

const INVALID = '{"error":"Public Access Token is invalid"}';

let api: TestServer;
let runId: string;
beforeAll(async () => {
  api = await startTestServer();
  runId = await api.trigger({ tags: ["user:1:a", "b"] });
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const retrieve = async (token: string) => {
  const answer = await api.call("GET", `/api/v3/runs/${runId}`, undefined, bearer(token));
  return answer.status === 200 ? "200" : `${answer.status} ${answer.text}`;
};

test("a token signed with the key of its environment reads what its scopes name", async () => {
  expect(await retrieve(await signToken([`read:runs:${runId}`]))).toBe("200");
});

const soon = Math.floor(Date.now() / 1000) + 600;
const wrong: [string, TokenChanges][] = [
  ["another algorithm of the same family", { alg: "HS512", key: DEV_KEY.padEnd(64, "x") }],
  ["another algorithm with the right key", { alg: "HS384" }],
  ["no exp", { expiresAt: undefined }],
  ["an exp that is past", { expiresAt: soon - 601 }],
  ["an exp that is no number", { claims: { exp: "tomorrow" }, expiresAt: undefined }],
  ["an nbf in the future", { claims: { nbf: soon } }],
  ["another issuer", { issuer: "https://id.example.com" }],
  ["another audience", { audience: "https://api.example.com" }],
  ["another key", { key: "tr_dev_another" }],
  ["the key of another environment", { key: PROD_KEY }],
  ["a sub of another environment", { claims: { sub: "prod" } }],
  ["no sub", { claims: { sub: undefined } }],
  ["a sub that is no text", { claims: { sub: 1 } }],
];
test.each(wrong)("A2 a token with %s is refused", async (_, changes) => {
  expect(await retrieve(await signToken(["admin"], changes))).toBe(`401 ${INVALID}`);
});

test("A2 a token without signature is refused, whatever its algorithm is called", async () => {
  const claims = {
    iss: "https://id.trigger.dev",
    aud: "https://api.trigger.dev",
    sub: "dev",
    pub: true,
    exp: soon,
    scopes: ["admin"],
  };
  for (const alg of ["none", "None", "NONE", "nOnE", "HS256", "RS256", "", "__proto__"]) {
    const unsigned = `${tokenPart({ alg })}.${tokenPart(claims)}.`;
    expect(await retrieve(unsigned)).toBe(`401 ${INVALID}`);
    const body = unsigned.slice(0, -1);
    const signature = createHmac("sha256", DEV_KEY).update(body).digest("base64url");
    expect(await retrieve(`${body}.${signature}`)).toBe(alg === "HS256" ? "200" : `401 ${INVALID}`);
  }
});

test("A2 a token that was changed after signing is refused", async () => {
  const [head, , signature] = (await signToken(["read:runs:run_other"])).split(".");
  const claims = JSON.parse(
    Buffer.from((await signToken(["admin"])).split(".")[1] ?? "", "base64url").toString(),
  );
  expect(await retrieve(`${head}.${tokenPart(claims)}.${signature}`)).toBe(`401 ${INVALID}`);
  expect(await retrieve(`${head}.${tokenPart(null)}.${signature}`)).toBe(`401 ${INVALID}`);
  expect(await retrieve(`${head}.AAAA.${signature}`)).toBe(`401 ${INVALID}`);
});

test("A2 a token of a megabyte is refused unread", async () => {
  expect(await retrieve(await signToken(["x".repeat(1_000_000)]))).toBe(`401 ${INVALID}`);
  expect(await retrieve(`${"a".repeat(500_000)}.${"b".repeat(500_000)}.`)).toBe(`401 ${INVALID}`);
});

test("A2 a sub that no key opens, and a JWT that is no public token, are told apart", async () => {
  for (const sub of ["stg", "env_unknown", "__proto__", ""]) {
    expect(await retrieve(await signToken(["admin"], { claims: { sub } }))).toBe(
      '401 {"error":"Invalid Public Access Token"}',
    );
  }
  for (const pub of [undefined, false, "true", 1]) {
    expect(await retrieve(await signToken(["admin"], { claims: { pub } }))).toBe(
      '401 {"error":"Invalid API key"}',
    );
  }
});

test("A1 a token opens only the environment it was signed for", async () => {
  const prod = await signToken(["admin"], { key: PROD_KEY, claims: { sub: "prod" } });
  expect(await retrieve(prod)).toBe('404 {"error":"Not found"}');
  expect((await api.call("GET", "/api/v1/runs", undefined, bearer(prod))).body.data).toEqual([]);
});

test("a token without scopes, or with ones of another form, may do nothing", async () => {
  const forbidden =
    '403 {"error":"Unauthorized","code":"unauthorized","param":"access_token","type":"authorization"}';
  expect(await retrieve(await signToken(undefined))).toBe(forbidden);
  for (const scope of ["", "read", "read:", ":", "::", "*", "admin:runs", "ADMIN", "read:run", " read:runs"])
    expect(await retrieve(await signToken([scope]))).toBe(forbidden);
  expect(await retrieve(await signToken([], { claims: { scopes: "admin" } }))).toBe(forbidden);
  expect(await retrieve(await signToken([], { claims: { scopes: [["admin"], null, 1] } }))).toBe(forbidden);
});

test("scopes match by action, type and id, the id whole", async () => {
  const enough = [
    "admin",
    "read:runs",
    `read:runs:${runId}`,
    "read:all",
    "*:all",
    "*:runs",
    "read:tasks:hello",
    "read:tasks",
    "read:tags:user:1:a",
    "read:tags:b",
    "read:tags",
    "read:batch",
  ];
  const seen = new Map<string, string>();
  for (const scope of enough) seen.set(scope, (await retrieve(await signToken([scope]))).slice(0, 3));
  // This run belongs to no batch.
  expect([...seen].filter(([, status]) => status !== "200")).toEqual([["read:batch", "403"]]);
  for (const scope of [
    `write:runs:${runId}`,
    `read:runs:${runId}x`,
    `read:runs:${runId.slice(0, -1)}`,
    "read:runs:",
    "read:tags:user:1",
    "read:tags:user",
    "read:tasks:other",
    "read:sessions",
    "read:all:other",
  ]) {
    expect(await retrieve(await signToken([scope]))).toMatch(/^403/);
  }
});
