import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type JsonObject,
  metadata,
  type RunOptions,
  records,
  recordTarget,
  runs,
  runTarget,
  sessions,
  sessionTarget,
  withRun,
  withRunResult,
} from "../../src/index.ts";
import { type SessionServer, startSessionServer } from "./session-server.ts";

/** A place for a document, with what the API says is there. */
interface Place {
  readonly options: RunOptions;
  stored(): Promise<unknown>;
}

let server: SessionServer;
beforeAll(async () => {
  server = await startSessionServer();
});
beforeEach(() => server.reset());
afterAll(() => server.close());

/** Makes a document of each kind, all read back through the public client. */
const places: readonly [string, (initial: JsonObject) => Promise<Place>][] = [
  [
    "a run",
    async (initial) => {
      const id = await server.api.trigger({ metadata: initial });
      return {
        options: { id, target: runTarget() },
        stored: async () => (await runs.retrieve(id)).metadata,
      };
    },
  ],
  [
    "a session",
    async (initial) => {
      const { id } = await sessions.create({
        type: "chat",
        taskIdentifier: "answer",
        triggerConfig: { basePayload: {} },
        metadata: initial,
      });
      return {
        options: { target: sessionTarget(id) },
        stored: async () => (await sessions.retrieve(id)).metadata,
      };
    },
  ],
  [
    "a record",
    async (initial) => {
      const { id } = await records.create({ type: "job", name: "a job", metadata: initial });
      return {
        options: { target: recordTarget(id) },
        stored: async () => (await records.retrieve(id)).metadata,
      };
    },
  ],
];

describe.each(places)("the same job, with its document in %s", (_, make) => {
  it("goes on with what is stored, and stores what it wrote", async () => {
    const place = await make({ count: 1, keep: { a: [1] } });
    await withRun(place.options, async () => {
      expect(metadata.current()).toEqual({ count: 1, keep: { a: [1] } });
      metadata.increment("count", 2).append("log", "one").set("$.keep.b", true).set("gone", 1);
      await metadata.flush();
      expect(await place.stored()).toEqual({
        count: 3,
        keep: { a: [1], b: true },
        log: ["one"],
        gone: 1,
      });
      metadata.append("log", "two").remove("log", "one").del("gone").decrement("count");
    });
    expect(await place.stored()).toEqual({ count: 2, keep: { a: [1], b: true }, log: ["two"] });
  });

  it("a second run of it goes on where the first one ended", async () => {
    const place = await make({});
    for (const _ of [1, 2, 3]) await withRun(place.options, () => metadata.increment("runs"));
    expect(await place.stored()).toEqual({ runs: 3 });
  });

  it("F4 reply lost after the server applied: everything counts once", async () => {
    const place = await make({ n: 0 });
    let lost = 0;
    server.intercept(async (request, forward) => {
      const reply = await forward();
      if (request.method !== "GET" && (lost += 1) === 1) throw new Error("socket hang up");
      return reply;
    });
    const result = await withRunResult(
      { ...place.options, flush: { drainTimeoutMs: 60_000 }, onWarning: () => {} },
      () => metadata.increment("n").append("list", "x"),
    );
    expect([lost, result.flushed, result.stats.dropped]).toEqual([2, true, 0]);
    expect(await place.stored()).toEqual({ n: 1, list: ["x"] });
  });

  it("a job that fails leaves what it wrote", async () => {
    const place = await make({});
    const failing = withRun(place.options, () => {
      metadata.set("step", "before");
      throw new Error("the job's own");
    });
    await expect(failing).rejects.toThrow("the job's own");
    expect(await place.stored()).toEqual({ step: "before" });
  });
});
