import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ApiClient } from "@trigger.dev/core/v3";
import { batch, configure, runs, tasks } from "@trigger.dev/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEV_KEY } from "./keys.ts";

/** As it is published: built by `pnpm build`, which `pnpm test` does first. */
const cli = fileURLToPath(new URL("../../packages/server/dist/cli/main.mjs", import.meta.url));

let directory: string;
let child: ChildProcess;
let url: string;

/** Starts the command on the same data; resolves when it prints where it listens. */
async function start(): Promise<void> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  child = spawn(process.execPath, [cli, "serve", "--engine", "none", "--port", "0", "--data", directory], {
    env: { ...env, RUNMETA_SECRET_KEYS: DEV_KEY },
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout === null) throw new Error("no standard output");
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /listening on (\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    url = address;
    configure({ baseURL: url, accessToken: DEV_KEY });
    return;
  }
  throw new Error("it ended without listening");
}

async function stop(signal: NodeJS.Signals): Promise<unknown> {
  const ended = once(child, "exit");
  child.kill(signal);
  const [code, by] = await ended;
  return code ?? by;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "runmeta-conformance-"));
  await start();
});
afterAll(async () => {
  if (child.exitCode === null && child.signalCode === null) await stop("SIGKILL");
  await rm(directory, { recursive: true, force: true });
});

test("the official SDK against `runmeta serve --engine none`, killed in between, then told to stop", async () => {
  const { id } = await tasks.trigger("any-task", { n: 1 }, { metadata: { n: 1 }, tags: ["a"] });
  const handle = await tasks.batchTrigger("any-task", [{ payload: 1 }, { payload: 2 }]);
  const operations = [{ type: "increment" as const, key: "n", value: 4 }];
  const update = { operations, parentOperations: [], rootOperations: [] };
  expect(await new ApiClient(url, DEV_KEY).updateRunMetadata(id, update)).toEqual({ metadata: { n: 5 } });

  expect(await stop("SIGKILL")).toBe("SIGKILL");
  await start();

  expect(await runs.retrieve(id)).toMatchObject({
    status: "QUEUED",
    metadata: { n: 5 },
    tags: ["a"],
    payload: { n: 1 },
  });
  expect((await batch.retrieve(handle.batchId)).runs).toHaveLength(2);
  expect((await runs.list({ taskIdentifier: "any-task" })).data).toHaveLength(3);
  expect(await runs.cancel(id)).toEqual({ id });
  expect(await stop("SIGTERM")).toBe(0);
}, 60_000);
