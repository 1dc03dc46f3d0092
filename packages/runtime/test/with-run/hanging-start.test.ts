import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ManualClock, manualClock } from "@runmeta/testing";
import { expect, it } from "vitest";
import { type BullmqJob, bullmqProcessor } from "../../src/adapters/bullmq.ts";
import { ApiClient } from "../../src/client/api-client.ts";
import { withRun } from "../../src/index.ts";
import { writeSpoolFile } from "../../src/lifecycle/spool.ts";

const accessToken = "tr_dev_hanging-start";

/** Takes every connection and answers none. */
async function silentServer() {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let wake: () => void = () => {};
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      requests.push(bytes.toString().split(" HTTP/", 1)[0] ?? "");
      wake();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Resolves when so many requests have come. */
    async asked(count: number): Promise<string[]> {
      while (requests.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/** Whether a run's code has begun, looked at before and at the bound. */
async function beginsAtTheBound(
  clock: ManualClock,
  elapsedMs: number,
  begun: () => boolean,
  begin: Promise<void>,
) {
  await clock.advance(3_999 - elapsedMs);
  expect(begun()).toBe(false);
  await clock.advance(1);
  await begin;
}

function started() {
  let begun = false;
  let begin: () => void = () => {};
  const beginning = new Promise<void>((resolve) => {
    begin = () => {
      begun = true;
      resolve();
    };
  });
  return { begun: () => begun, beginning, begin };
}

it("I10 a server that takes connections and answers nothing holds a start up once: spool, parent, run and attempt together", async () => {
  await using server = await silentServer();
  const clock = manualClock();
  const directory = mkdtempSync(join(tmpdir(), "runmeta-hanging-"));
  // As a process left it that is gone; of a batch only these two are written.
  const file = join(directory, "run_earlier.1.4194304-00000000.runmeta-spool.json");
  writeSpoolFile(directory, "run_earlier", [{ key: "p.1", body: '{"operations":[]}' } as never], file);
  const { begun, beginning, begin } = started();
  const run = withRun(
    {
      ...{ id: "run_child", parentId: "run_parent", parentTask: "parent", clock, onWarning: () => {} },
      client: new ApiClient({ baseURL: server.url, accessToken, clock }),
      flush: { spoolDirectory: directory, drainTimeoutMs: 0 },
    },
    () => {
      begin();
      return "done";
    },
  );
  expect(await server.asked(1)).toEqual(["PUT /api/v1/runs/run_earlier/metadata"]);
  // The earlier process's writes have half of the time, whoever else is asked the rest.
  await clock.advance(2_000);
  expect((await server.asked(2))[1]).toBe("PUT /engine/v1/runs/run_parent");
  await beginsAtTheBound(clock, 2_000, begun, beginning);
  await clock.advance(10_000);
  expect(await run).toBe("done");
  rmSync(directory, { recursive: true, force: true });
});

it("I10 a job whose run has ended, and a server that hangs from then on: one bound for both tries", async () => {
  await using server = await silentServer();
  const clock = manualClock();
  let answered = 0;
  const fetch = async (request: Request): Promise<Response> => {
    answered += 1;
    if (answered === 1) return Response.json({ id: "run", attempt: 1 });
    if (answered > 2) return await globalThis.fetch(request);
    // What the first answers took counts too.
    await clock.advance(500);
    const body = { error: "The run has ended", code: "run_ended", status: "CANCELED" };
    return Response.json(body, { status: 409, headers: { "x-should-retry": "false" } });
  };
  const { begun, beginning, begin } = started();
  const process = bullmqProcessor(
    async () => {
      begin();
      return "done";
    },
    {
      client: new ApiClient({ baseURL: server.url, accessToken, clock, fetch }),
      onWarning: () => {},
      flush: { drainTimeoutMs: 0 },
    },
  );
  const job: BullmqJob = {
    ...{ id: "1", name: "job", queueName: "queue", prefix: "bull", data: {}, timestamp: 1, opts: {} },
    ...{ attemptsMade: 1, attemptsStarted: 2, updateProgress: async () => {} },
  };
  const done = process(job as never);
  expect((await server.asked(1))[0]).toMatch(/^GET \/api\/v3\/runs\/run_/);
  await beginsAtTheBound(clock, 500, begun, beginning);
  await clock.advance(10_000);
  expect(await done).toBe("done");
});
