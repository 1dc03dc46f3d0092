import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServer, noEngine, pgliteStorage, type RunmetaServer } from "../../../server/src/index.ts";
import { ApiClient } from "../../src/client/api-client.ts";
import { type CurrentRun, currentRun, metadata, withRunResult } from "../../src/index.ts";
import type { TargetFor } from "../../src/lifecycle/run-options.ts";
import type { Drop } from "../../src/options.ts";
import { createRunTarget } from "../../src/target/run-target.ts";
import type { Target } from "../../src/target/target.ts";
import { badNetwork, FAULTS, type Fault } from "./bad-network.ts";
import { fastClock } from "./fast-clock.ts";

const KEY = "tr_dev_exactly-once";
/** Without those that answer in the server's place. */
const ARRIVING: readonly Fault[] = [
  "lost before",
  "lost after",
  "503 before",
  "duplicate later",
  "very late",
];
const clock = fastClock(50);
let server: RunmetaServer;
beforeAll(async () => {
  server = await createServer({
    storage: pgliteStorage({}),
    engine: noEngine(),
    secretKeys: [KEY],
    maximumSize: 16_384,
  });
});
afterAll(() => server.close());

/** What was written to one document, by place. */
interface Expected {
  calls: number;
  readonly sets: Map<string, unknown>;
}

interface Round {
  readonly seed: number;
  readonly faultRate: number;
  readonly faults: readonly Fault[];
  /** Some documents grow too large for the server. */
  readonly refusals?: boolean;
  /** Runs are announced by their own process only, which the network may prevent. */
  readonly unknown?: boolean;
}

async function play({ seed, faultRate, faults, refusals = false, unknown = false }: Round): Promise<void> {
  const random = generator(seed);
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const chance = (p: number) => random() < p;
  const network = badNetwork((request) => server.fetch(request), { random, faultRate, faults });
  const client = new ApiClient({
    baseURL: "http://localhost",
    accessToken: KEY,
    fetch: network.fetch,
    clock,
  });
  const plain = new ApiClient({
    baseURL: "http://localhost",
    accessToken: KEY,
    fetch: (r) => server.fetch(r),
  });
  const expected = new Map<string, Expected>();
  const drops: (Drop & { parent: string | undefined; root: string | undefined })[] = [];
  const opened: CurrentRun[] = [];
  const warnings: string[] = [];
  let unique = 0;

  const of = (id: string): Expected => {
    let found = expected.get(id);
    if (found === undefined) expected.set(id, (found = { calls: 0, sets: new Map() }));
    return found;
  };
  function write(self: string, parent: string | undefined, root: string | undefined, attempt: string): void {
    const id = `u${(unique += 1)}`;
    const place = chance(0.3) ? (chance(0.7) ? "parent" : "root") : "self";
    const updater = place === "self" ? metadata : place === "parent" ? metadata.parent : metadata.root;
    const target = place === "self" ? self : place === "parent" ? (parent ?? self) : (root ?? self);
    const there = of(target);
    switch (between(0, refusals ? 6 : 5)) {
      case 0:
        updater.increment("n", 1);
        there.calls += 1;
        break;
      case 1:
        updater.append("log", id);
        there.calls += 1;
        break;
      case 2:
        updater.increment("$.o.n", 1);
        there.calls += 1;
        break;
      case 3:
        updater.append("$.o.log", id);
        there.calls += 1;
        break;
      case 4: {
        const key = `${attempt}-${between(0, 2)}`;
        updater.set(key, id);
        there.sets.set(key, id);
        break;
      }
      case 5: {
        const key = `$.o.${attempt}_${between(0, 2)}`;
        updater.set(key, id);
        there.sets.set(key, id);
        break;
      }
      case 6:
        updater.append("log", `${id}${"x".repeat(between(400, 3_000))}`);
        there.calls += 1;
    }
  }

  function openTarget(made: Parameters<TargetFor>[0]): Target {
    const target = createRunTarget({ ...made, endpoint: () => client });
    const first = createRunTarget({ ...made, endpoint: () => plain });
    let reads = 0;
    return { ...target, read: (options) => ((reads += 1) === 1 ? first : target).read(options) };
  }
  async function execute(id: string, parent: string | undefined, root: string | undefined): Promise<void> {
    // The API ends a run with its first success; attempts that overlap with late writes are opened on their own.
    const registered = unknown || chance(0.5);
    if (!unknown)
      await plain.request("PUT", `/engine/v1/runs/${id}`, {
        body: { task: "t", parentId: parent, rootId: root, metadata: { o: { n: 0, log: [] } } },
      });
    for (let attempt = 1, last = registered ? 1 : between(1, 4); attempt <= last; attempt += 1) {
      const children = parent === undefined && attempt === 1 ? between(0, 3) : 0;
      await withRunResult(
        {
          id,
          parentId: parent,
          rootId: root,
          ...(registered ? { client } : { target: (made: Parameters<TargetFor>[0]) => openTarget(made) }),
          clock,
          metadata: { o: { n: 0, log: [] } },
          maximumSize: 1_000_000,
          flush: { drainTimeoutMs: between(0, 1) * between(0, 4_000), requestTimeoutMs: 10_000 },
          onDrop: (drop) => drops.push({ ...drop, parent, root }),
          onWarning: (warning) => warnings.push(`${id} ${warning.code} ${warning.message}`),
        },
        async () => {
          opened.push(currentRun() as CurrentRun);
          const started: Promise<void>[] = [];
          for (let step = between(1, 25); step > 0; step -= 1) {
            write(id, parent, root, `${id.slice(-6)}a${attempt}`);
            if (chance(0.3)) await turn(between(0, 25));
            if (chance(0.1)) void metadata.flush({ timeoutMs: between(1, 3_000) }).catch(() => {});
            if (chance(0.1)) void metadata.refresh({ timeoutMs: 3_000 }).catch(() => {});
            if (chance(0.05)) await metadata.flush({ timeoutMs: between(1, 3_000) }).catch(() => {});
            if (started.length < children && chance(0.3))
              started.push(execute(`${id}c${started.length}`, id, root ?? id));
          }
          if (chance(0.8)) await Promise.all(started);
          else for (const child of started) void track(child);
          if (chance(0.2)) throw new Error("failed");
        },
      );
    }
  }

  const all: Promise<void>[] = [];
  const roots = Array.from({ length: 4 }, (_, index) => `run_${seed}x${Date.now().toString(36)}r${index}`);
  await Promise.all(roots.map((id) => track(execute(id, undefined, undefined))));
  function track(promise: Promise<void>): Promise<void> {
    all.push(promise);
    return promise;
  }
  for (let done = 0; done < all.length; ) await Promise.all(all.slice(0, (done = all.length)));
  network.heal();
  await network.quiet();
  const unsettled = () => opened.filter((run) => run.stats().pending > 0).map((run) => [run.id, run.stats()]);
  await expect.poll(unsettled).toEqual([]);
  await network.quiet();

  for (const run of opened) {
    const { accepted, acknowledged, dropped, pending } = run.stats();
    expect(acknowledged + dropped + pending, run.id).toBe(accepted);
  }
  const problems: string[] = [];
  for (const [id, { calls, sets }] of expected) {
    // biome-ignore lint/suspicious/noExplicitAny: whatever is there
    const { metadata: document } = await plain.request<any>("GET", `/api/v1/runs/${id}/metadata`);
    const log = [...(document.log ?? []), ...(document.o?.log ?? [])] as string[];
    const traces = (document.n ?? 0) + (document.o?.n ?? 0) + log.length;
    const lost = drops.filter(
      (drop) => (drop.target === "self" ? drop.runId : (drop[drop.target] ?? drop.runId)) === id,
    );
    const lostCalls = lost.reduce((sum, drop) => sum + drop.count, 0);
    if (new Set(log).size !== log.length) problems.push(`${id}: an append counted twice`);
    if (lostCalls === 0 && traces !== calls) problems.push(`${id}: ${traces} traces of ${calls} calls`);
    if (traces > calls || traces < calls - lostCalls)
      problems.push(`${id}: ${traces} traces of ${calls} calls, ${lostCalls} lost`);
    if (lostCalls > 0) continue;
    for (const [key, value] of sets) {
      const found = key.startsWith("$.o.") ? document.o?.[key.slice(4)] : document[key];
      if (found !== value) problems.push(`${id}: ${key} is ${found}, not ${String(value)}`);
    }
  }
  if (!refusals && drops.length > 0) problems.push(`drops: ${JSON.stringify(drops)}`);
  if (problems.length > 0)
    throw new Error(`seed ${seed}\n${problems.join("\n")}\n${warnings.slice(0, 10).join("\n")}`);
}

describe("a bad network between runs and a real server", { timeout: 90_000 }, () => {
  it.each([2, 5, 9])("F3 F4 F11 I9 I12 every write is stored once, seed %i", async (seed) => {
    await play({ seed, faultRate: 0.4, faults: FAULTS });
  });

  it.each([6, 7])("runs that the server hears of late, seed %i", async (seed) => {
    await play({ seed, faultRate: 0.4, faults: ARRIVING, unknown: true });
  });

  it.each([7, 8])("I5 I12 documents that are too large, seed %i", async (seed) => {
    await play({ seed, faultRate: 0.3, faults: FAULTS, refusals: true });
  });
});

function turn(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
