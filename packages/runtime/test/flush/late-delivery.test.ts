import { accepted, manualClock, scriptedEndpoint, status } from "@runmeta/testing";
import { afterEach, describe, expect, it } from "vitest";
import { configure, type Drop, metadata, runTarget, withRun, withRunResult } from "../../src/index.ts";

afterEach(() => configure({}));

describe("late delivery", () => {
  it("I10 I12 what closed runs keep is bounded at 8 MB: the oldest is dropped by name, the others arrive", async () => {
    let down = true;
    const clock = manualClock();
    const endpoint = scriptedEndpoint([], {
      clock,
      maximumSize: 2_000_000,
      otherwise: (call) => (down ? status(503) : accepted())(call),
    });
    configure({ baseURL: endpoint.baseURL, accessToken: endpoint.accessToken, fetch: endpoint.fetch });
    const drops: Drop[] = [];
    const one = async (i: number) => {
      const run = withRunResult(
        {
          id: `run_${i}`,
          target: runTarget(),
          clock,
          maximumSize: 2_000_000,
          flush: { drainTimeoutMs: 0, maxPendingBytes: 2_000_000 },
          onDrop: (drop) => drops.push(drop),
          onWarning: () => {},
        },
        () => metadata.set("text", "x".repeat(900_000)) && i,
      );
      await clock.advance(0);
      return run;
    };
    for (let i = 0; i < 11; i += 1) {
      const result = await one(i);
      expect(result).toMatchObject({ ok: true, value: i, flushed: false, pending: 1 });
    }
    expect(drops.map((drop) => [drop.runId, drop.reason, drop.count])).toEqual([
      ["run_0", "overflow", 1],
      ["run_1", "overflow", 1],
    ]);
    down = false;
    await clock.advance(60_000);
    for (let i = 2; i < 11; i += 1) expect(Object.keys(endpoint.document(`run_${i}`))).toEqual(["text"]);
    expect(endpoint.document("run_0")).toEqual({});
    expect(clock.pendingTimers).toEqual([]);
  });

  it("I12 an onDrop that writes metadata about the loss starts no loop", async () => {
    const endpoint = scriptedEndpoint([], { otherwise: status(403) });
    configure({ baseURL: endpoint.baseURL, accessToken: endpoint.accessToken, fetch: endpoint.fetch });
    let drops = 0;
    let late: () => void = () => {};
    await withRun(
      {
        target: runTarget(),
        onWarning: () => void metadata.increment("warnings"),
        onDrop: () => {
          drops += 1;
          metadata.increment("drops");
        },
      },
      async (run) => {
        metadata.set("a", 1);
        late = run.bind(() => void metadata.set("late", 1));
      },
    );
    expect(drops).toBe(1);
    late();
    expect(drops).toBe(2);
  });
});
