import { EventEmitter } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { accepted, manualClock, scriptedEndpoint } from "@runmeta/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { currentScope } from "../../src/context/context-storage.ts";
import {
  bind,
  configure,
  currentRun,
  defineMetadata,
  memoryTarget,
  metadata,
  runTarget,
  withRun,
} from "../../src/index.ts";
import type { TargetFor } from "../../src/lifecycle/run-options.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

afterEach(() => configure({}));

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("outside a run", () => {
  it("I1 every method does nothing and throws nothing, also taken off the object", async () => {
    expect(currentRun()).toBeUndefined();
    for (const updater of [metadata, metadata.parent, metadata.root]) {
      const { set, del, append, remove, increment, decrement, save, replace, update } = updater;
      expect(set("a", () => {})).toBe(updater);
      expect(del("a")).toBe(updater);
      expect(append("a", 1n)).toBe(updater);
      expect(remove("a", undefined)).toBe(updater);
      expect(increment("a", Number.NaN)).toBe(updater);
      expect(decrement("a", "x" as never)).toBe(updater);
      expect(
        save([] as never)
          .replace(null as never)
          .update(1 as never),
      ).toBe(updater);
      expect([replace({}), update({})]).toEqual([updater, updater]);
      expect(updater.set("__proto__", 1).set(1 as never, 1)).toBe(updater);
    }
    const { get, current, flush, refresh, progress, stream, fetchStream } = metadata;
    expect([get("a"), get("$.a.b"), current()]).toEqual([undefined, undefined, undefined]);
    await expect(flush()).resolves.toBeUndefined();
    await expect(refresh({ timeoutMs: 1 })).resolves.toBeUndefined();
    await expect(Promise.resolve(metadata.set("a", 1))).resolves.toBe(metadata);
    for (const total of [10, -1, Number.NaN]) {
      const { advance, done } = progress(total);
      advance();
      advance("x" as never);
      done();
    }
    const source = (async function* () {
      yield 1;
    })();
    expect(await stream("key", source)).toBe(source);
    for await (const _ of await fetchStream("key")) expect.unreachable();
    const schema = {
      "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) },
    } as never;
    const typed = defineMetadata(schema) as unknown as typeof metadata;
    expect([typed.current(), typed.get("a")]).toEqual([undefined, undefined]);
    expect(typed.set("a", 1).increment("b")).toBe(typed);
    expect(bind((x: number) => x + 1)(1)).toBe(2);
  });
});

describe("many runs in one process", () => {
  it("I2 C1 10,000 at once, 20 awaits each: no mix-up, every request holds only its run's keys, the heap is back to base", async () => {
    const RUNS = 10_000;
    const mixed: string[] = [];
    let requests = 0;
    /** A document of its own for each run, without the cost of HTTP objects. */
    const targetOf: TargetFor = ({ runId }) => {
      const target = memoryTarget();
      return {
        ...target,
        async send(batch, options) {
          requests += 1;
          for (const [name] of batch.body.matchAll(/run_\d+/g))
            if (name !== runId) mixed.push(`${runId} sent ${name}`);
          await turn();
          return target.send(batch, options);
        },
      };
    };
    const one = (id: string) =>
      withRun({ id, target: targetOf }, async (run) => {
        for (let i = 0; i < 20; i += 1) {
          metadata.increment(`${id}:n`);
          if (i % 4 === 0) await turn();
          else await null;
          if (currentRun()?.id !== id || run.id !== id || metadata.get(`${id}:n`) !== i + 1) mixed.push(id);
          for (const key of Object.keys(metadata.current() ?? {}))
            if (!key.startsWith(`${id}:`)) mixed.push(key);
        }
      });
    await Promise.all(Array.from({ length: 100 }, (_, i) => one(`run_${i}`)));
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    requests = 0;
    await Promise.all(Array.from({ length: RUNS }, (_, i) => one(`run_${i}`)));
    expect(mixed.slice(0, 5)).toEqual([]);
    expect(requests).toBeGreaterThanOrEqual(RUNS);
    await turn();
    collectGarbage();
    expect((process.memoryUsage().heapUsed - before) / 1_000_000).toBeLessThan(15);
  }, 120_000);

  it("C4 nested runs: inner writes inner only, outer is restored after a throw", async () => {
    const [outer, inner] = [memoryTarget(), memoryTarget()];
    await withRun({ target: outer }, async (run) => {
      metadata.set("who", "outer");
      await withRun({ target: inner }, async () => {
        metadata.set("who", "inner").set("only", "inner");
        expect(metadata.get("who")).toBe("inner");
        throw new Error("x");
      }).catch(() => {});
      expect(currentRun()?.id).toBe(run.id);
      expect(metadata.current()).toEqual({ who: "outer" });
      metadata.set("after", 1);
    });
    expect(outer.document()).toEqual({ who: "outer", after: 1 });
    expect(inner.document()).toEqual({ who: "inner", only: "inner" });
    expect(currentRun()).toBeUndefined();
  });
});

describe("code that is called from elsewhere", () => {
  it("C2 a listener runs in the run of whoever emits (negative control), and bind() ties it to its own", async () => {
    const emitter = new EventEmitter();
    const [a, b] = [memoryTarget(), memoryTarget()];
    let finishA: () => void = () => {};
    const runA = withRun({ target: a }, async (run) => {
      emitter.on("plain", () => metadata.increment("plain"));
      emitter.on(
        "bound",
        bind(() => metadata.increment("bound")),
      );
      emitter.on(
        "by handle",
        run.bind((n: number) => metadata.increment("by handle", n)),
      );
      await new Promise<void>((resolve) => (finishA = resolve));
    });
    await turn();
    await withRun({ target: b }, () => {
      emitter.emit("plain");
      emitter.emit("bound");
      emitter.emit("by handle", 5);
    });
    finishA();
    await runA;
    expect(b.document()).toEqual({ plain: 1 });
    expect(a.document()).toEqual({ bound: 1, "by handle": 5 });
  });

  it("C2 a pool drained by another run: the job runs there, unless it was bound", async () => {
    const queue: (() => void)[] = [];
    const [a, b] = [memoryTarget(), memoryTarget()];
    let finishA: () => void = () => {};
    const runA = withRun({ target: a }, async () => {
      queue.push(() => metadata.increment("unbound"));
      queue.push(bind(() => metadata.increment("bound")));
      await new Promise<void>((resolve) => (finishA = resolve));
    });
    await turn();
    await withRun({ target: b }, () => {
      for (const job of queue) job();
    });
    finishA();
    await runA;
    expect([a.document(), b.document()]).toEqual([{ bound: 1 }, { unbound: 1 }]);
  });

  it("C2 a promise made in A and awaited in B goes on in B; what A chained to it, in A", async () => {
    const [a, b] = [memoryTarget(), memoryTarget()];
    let open: () => void = () => {};
    let made: Promise<void> = Promise.resolve();
    let chained: Promise<unknown> = Promise.resolve();
    let finishA: () => void = () => {};
    const runA = withRun({ target: a }, async () => {
      made = new Promise<void>((resolve) => (open = resolve));
      chained = made.then(() => metadata.increment("chained"));
      await new Promise<void>((resolve) => (finishA = resolve));
    });
    await turn();
    await withRun({ target: b }, async () => {
      open();
      await made;
      await chained;
      metadata.increment("awaited");
    });
    finishA();
    await runA;
    expect([a.document(), b.document()]).toEqual([{ chained: 1 }, { awaited: 1 }]);
  });
});

describe("two copies of the package", () => {
  it("C3 see one run, share configuration and signal handlers, and know each other's errors by code", async () => {
    vi.resetModules();
    const copy = await import("../../src/index.ts");
    const original = { metadata, withRun };
    expect(copy.metadata).not.toBe(original.metadata);
    const target = memoryTarget();
    const before = process.listenerCount("SIGTERM");
    await withRun({ target }, async (run) => {
      copy.metadata.set("from", "copy");
      expect(copy.currentRun()?.id).toBe(run.id);
      expect(metadata.get("from")).toBe("copy");
      await copy.withRun({ target: copy.memoryTarget() }, async () => {
        expect(process.listenerCount("SIGTERM")).toBe(before + 1);
        metadata.set("from", "original");
        expect(copy.metadata.get("from")).toBe("original");
      });
      let error: unknown;
      try {
        copy.metadata.set("x", () => {});
      } catch (caught) {
        error = caught;
      }
      const { isRunmetaError, MetadataValueError } = await import("../../src/errors.ts");
      expect(error).toMatchObject({ code: "RUNMETA_METADATA_VALUE" });
      expect(isRunmetaError(error)).toBe(true);
      expect(MetadataValueError).toBeDefined();
    });
    expect(process.listenerCount("SIGTERM")).toBe(before);
    expect(target.document()).toEqual({ from: "copy" });
  });
});

/** Notes the run's own scope, which holds its store, its flusher and its timers. */
async function endedRun(watched: WeakRef<object>[]): Promise<void> {
  await withRun({ target: memoryTarget(), flush: { debounceMs: 60_000, maxWaitMs: 60_000 } }, () => {
    metadata.set("large", "x".repeat(3_000));
    watched.push(new WeakRef(currentScope() as object));
  });
}

describe("timers of a run", () => {
  it("C5 the timer that A armed never serves B, and does not keep A's document alive after A has ended", async () => {
    const clock = manualClock();
    const endpoint = scriptedEndpoint([], { otherwise: accepted() });
    configure({ baseURL: endpoint.baseURL, accessToken: endpoint.accessToken, fetch: endpoint.fetch });
    const target = runTarget();
    let finishB: () => void = () => {};
    const runA = withRun({ id: "run_a", target, clock }, () => metadata.set("a", 1) && undefined);
    const runB = withRun({ id: "run_b", target, clock }, async () => {
      metadata.set("b", 1);
      await new Promise<void>((resolve) => (finishB = resolve));
    });
    await clock.settle();
    await runA;
    await clock.advance(1_000);
    finishB();
    await Promise.all([runB, clock.settle()]);
    expect(
      endpoint.metadataRequests.map(({ url, body }) => [url.split("/").at(-2), JSON.stringify(body)]),
    ).toEqual([
      ["run_a", expect.stringContaining('"key":"a"')],
      ["run_b", expect.stringContaining('"key":"b"')],
    ]);
    expect(clock.pendingTimers).toEqual([]);

    const watched: WeakRef<object>[] = [];
    for (let i = 0; i < 20; i += 1) await endedRun(watched);
    // The last one may still be on somebody's stack.
    await expect
      .poll(() => {
        collectGarbage();
        return watched.filter((run) => run.deref() !== undefined).length;
      })
      .toBeLessThanOrEqual(1);
  });
});
