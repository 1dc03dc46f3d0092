import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { StoredKeys } from "../../src/auth/stored-keys.ts";
import { startTestServer } from "../server/test-server.ts";
import { testStorage } from "../server/test-storage.ts";

test("A3 a read-only key reads records, and gets 403 for every change, whether the record exists or not", async () => {
  const storage = testStorage();
  await storage.open();
  const encryptionKey = randomBytes(32);
  const { key } = await new StoredKeys(storage, encryptionKey).create("dev", true);
  await using api = await startTestServer({ storage, encryptionKey: encryptionKey.toString("base64") });
  await api.call("POST", "/v1/records", { id: "rec_1", type: "t", name: "n" });
  const { id } = (await api.call("GET", "/v1/records")).body.data[0];
  const ask = async (method: string, path: string) => {
    const body = method === "GET" || method === "DELETE" ? undefined : { name: "changed", type: "t" };
    // Runtype's clients send the bare key.
    const answer = await api.call(method, path, body, { authorization: key });
    return `${answer.status} ${answer.text}`;
  };
  expect(await ask("GET", `/v1/records/${id}`)).toMatch(/^200 /);
  expect(await ask("GET", "/v1/records")).toMatch(/^200 /);
  for (const [method, path] of [
    ["PUT", `/v1/records/${id}`],
    ["PUT", "/v1/records/rec_none"],
    ["DELETE", `/v1/records/${id}`],
    ["POST", "/v1/records"],
  ] as const)
    expect(await ask(method, path)).toBe('403 {"error":"This API key is read-only"}');
  expect((await api.call("GET", `/v1/records/${id}`)).body).toMatchObject({ name: "n" });
});
