import { configure, type Drop, metadata, runs, withRunResult } from "@runmeta/runtime";
import { expect, it } from "vitest";
import { createServer } from "../../src/create-server.ts";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";

it("I5 every operation of a refused batch gets through, but for those at fault", async () => {
  const server = await createServer({ storage: pgliteStorage({}), maximumSize: 4_096 });
  configure({
    baseURL: "http://localhost",
    accessToken: server.secretKey,
    fetch: (request) => server.fetch(request),
  });
  const drops: Drop[] = [];
  const options = {
    id: "run_refused",
    maximumSize: 100_000,
    flush: { drainTimeoutMs: 60_000 },
    onWarning: () => {},
    onDrop: (drop: Drop) => drops.push(drop),
  };
  const result = await withRunResult(options, () => {
    for (let index = 0; index < 16; index += 1) {
      metadata.set(`key${index}`, index % 5 === 1 ? "x".repeat(5_000) : index);
      metadata.increment(`count${index}`);
    }
  });
  const { metadata: stored } = await runs.retrieve("run_refused");
  await server.close();
  const kept = [...Array(16).keys()].filter((index) => index % 5 !== 1);
  expect(stored).toEqual({
    ...Object.fromEntries(kept.map((index) => [`key${index}`, index])),
    ...Object.fromEntries([...Array(16).keys()].map((index) => [`count${index}`, 1])),
  });
  expect(drops.map((drop) => drop.keys)).toEqual([["key1"], ["key6"], ["key11"]]);
  expect(result.stats).toMatchObject({ accepted: 32, acknowledged: 29, dropped: 3, pending: 0 });
});
