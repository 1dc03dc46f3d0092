import { expect, test } from "vitest";
import { createServer } from "../../src/create-server.ts";
import { newRun } from "../storage/new-run.ts";
import { testStorage } from "./test-storage.ts";

const KEY = "tr_dev_closing";

test("readers that a closing server cannot serve any more are answered, and nothing is reported", async () => {
  const storage = testStorage();
  let asked = () => {};
  const reading = new Promise<void>((resolve) => (asked = resolve));
  let proceed = () => {};
  const closed = new Promise<void>((resolve) => (proceed = resolve));
  const errors: unknown[] = [];
  const server = await createServer({
    storage: {
      ...storage,
      findRuns: async (environment, ids) => {
        asked();
        await closed;
        return await storage.findRuns(environment, ids);
      },
    },
    secretKeys: [KEY],
    onError: (error) => errors.push(error),
  });
  const runs = Array.from({ length: 300 }, () => newRun({ environment: "dev", engine: "none" }));
  await storage.insertRuns(runs);
  const headers = { authorization: `Bearer ${KEY}` };
  const answers = runs.map(({ id }) =>
    server.fetch(new Request(`http://runmeta/realtime/v1/runs/${id}?offset=-1`, { headers })),
  );
  await reading;
  await server.close();
  proceed();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([503]));
  expect(errors).toEqual([]);
});
