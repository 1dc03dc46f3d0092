import { expect, test } from "vitest";
import { ApiKey } from "../../src/auth/api-key.ts";
import { SecretKeys } from "../../src/auth/secret-keys.ts";
import { createApp } from "../../src/http/app.ts";
import { errorReply } from "../../src/http/reply.ts";
import { createRecordRoute } from "../../src/routes/create-record.ts";
import { deleteRecordRoute } from "../../src/routes/delete-record.ts";
import { listRecordsRoute } from "../../src/routes/list-records.ts";
import { retrieveRecordRoute } from "../../src/routes/retrieve-record.ts";
import { updateRecordRoute } from "../../src/routes/update-record.ts";
import { systemClock } from "../../src/service/clock.ts";
import { RecordService } from "../../src/service/record-service.ts";
import type { Services } from "../../src/service/services.ts";
import { testStorage } from "../server/test-storage.ts";

const READ_ONLY = "tr_dev_only-reads";

class WithReadOnlyKey extends SecretKeys {
  override find(text: string): ApiKey | undefined {
    return text === READ_ONLY ? new ApiKey(text, "dev", true) : super.find(text);
  }
}

test("A3 a read-only key reads records, and gets 403 for every change, whether the record exists or not", async () => {
  const storage = testStorage();
  await storage.open();
  const records = new RecordService(storage);
  // The routes of records look at nothing else.
  const services = { records } as unknown as Services;
  const app = createApp({
    routes: [
      createRecordRoute,
      listRecordsRoute,
      retrieveRecordRoute,
      updateRecordRoute,
      deleteRecordRoute,
    ].map((route) => route(services)),
    secretKeys: new WithReadOnlyKey([]),
    clock: systemClock,
    replyToFault: (error) => errorReply(500, String(error)),
  });
  const fields = { type: "t", name: "n", metadata: {}, messages: null };
  await records.create({ ...fields, environment: "dev", id: "rec_1", requestKey: undefined });
  const ask = async (method: string, path: string) => {
    const response = await app.fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: { authorization: READ_ONLY },
        ...(method === "GET" || method === "DELETE" ? {} : { body: '{"name":"changed","type":"t"}' }),
      }),
    );
    return `${response.status} ${await response.text()}`;
  };
  expect(await ask("GET", "/v1/records/rec_1")).toMatch(/^200 /);
  expect(await ask("GET", "/v1/records")).toMatch(/^200 /);
  for (const [method, path] of [
    ["PUT", "/v1/records/rec_1"],
    ["PUT", "/v1/records/rec_none"],
    ["DELETE", "/v1/records/rec_1"],
    ["POST", "/v1/records"],
  ] as const)
    expect(await ask(method, path)).toBe('403 {"error":"This API key is read-only"}');
  expect(await records.find("dev", "rec_1")).toMatchObject({ name: "n" });
  await storage.close();
});
