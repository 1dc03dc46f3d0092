import {
  accepted,
  hangs,
  lostReply,
  networkFault,
  type Reply,
  slow,
  status,
  tooLarge,
} from "@runmeta/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callOn } from "../store/call-arbitraries.ts";
import { perform } from "../store/open-store.ts";
import { applyCall, type Call } from "../store/reference-document.ts";
import { openScripted, type ScriptedRun, type ScriptedRunOptions, watch } from "./scripted-run.ts";

type ReplyName =
  | "accepted"
  | "slow"
  | "lost"
  | "reset"
  | "refused connection"
  | "503"
  | "429"
  | "hangs"
  | "413"
  | "401"
  | "broken";

const makeReply: Record<ReplyName, () => Reply> = {
  accepted: () => accepted(),
  slow: () => slow(700),
  lost: () => lostReply(),
  reset: () => networkFault("ECONNRESET"),
  "refused connection": () => networkFault("ECONNREFUSED"),
  "503": () => status(503),
  "429": () => status(429, { retryAfter: "2" }),
  hangs: () => hangs(),
  "413": () => tooLarge(),
  "401": () => status(401),
  broken: () => status(502, { body: "<html>", headers: { "content-type": "text/html" } }),
};
const harmless: ReplyName[] = [
  "accepted",
  "accepted",
  "slow",
  "lost",
  "reset",
  "refused connection",
  "503",
  "429",
  "hangs",
  "broken",
];
const all: ReplyName[] = [...harmless, "413", "413", "401"];

type Step =
  | { readonly step: "write"; readonly call: Call }
  | { readonly step: "tick"; readonly ms: number }
  | { readonly step: "flush"; readonly timeoutMs: number }
  | { readonly step: "refresh" };

const key = fc.constantFrom("a", "b", "list", "$.o.x", "$.o.list", "$.list[0]", "$.o.list[1]");
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: callOn(key)
      .filter((call) => call.call !== "increment" || call.value !== 0)
      .map((call): Step => ({ step: "write", call })),
  },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(0, 1, 100, 249, 250, 251, 600, 1_000, 5_000)
      .map((ms): Step => ({ step: "tick", ms })),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(100, 3_000, 20_000).map((timeoutMs): Step => ({ step: "flush", timeoutMs })),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ step: "refresh" }) },
);

interface Watched extends ScriptedRun {
  /** Requests under way, reads included. */
  readonly traffic: { now: number; most: number };
  readonly bodies: Map<string, Set<string>>;
}

/** Replies come in the order of the script; after it the endpoint is healthy. */
function openWatched(script: readonly ReplyName[], options: ScriptedRunOptions = {}): Watched {
  const traffic = { now: 0, most: 0 };
  const bodies = new Map<string, Set<string>>();
  const applied = new Set<string>();
  const replies = script.map((name): Reply => {
    const reply = makeReply[name]();
    return async (call) => {
      traffic.most = Math.max(traffic.most, (traffic.now += 1));
      const batch = call.request.headers.get("x-trigger-request-idempotency-key") ?? "";
      bodies.set(batch, (bodies.get(batch) ?? new Set()).add(call.text));
      // A server that has applied a batch does not refuse it the next time.
      if (["accepted", "slow", "lost"].includes(name)) applied.add(batch);
      try {
        return await (name === "413" && applied.has(batch) ? accepted()(call) : reply(call));
      } finally {
        traffic.now -= 1;
      }
    };
  });
  return { ...openScripted(replies, { maximumSize: 100_000, ...options }), traffic, bodies };
}

function checkAlways({ flusher, clock, traffic, bodies }: Watched): void {
  const { accepted: calls, acknowledged, pending, dropped } = flusher.stats();
  // I12
  expect(pending).toBeGreaterThanOrEqual(0);
  expect(acknowledged + pending + dropped).toBe(calls);
  expect(pending > 0).toBe(flusher.pending);
  // I8
  expect(traffic.most).toBeLessThanOrEqual(1);
  // I9
  for (const texts of bodies.values()) expect(texts.size).toBe(1);
  // F12: what is unsent is under way, or a timer will see to it.
  if (flusher.state === "scheduled" || flusher.state === "stalled")
    expect(clock.pendingTimers).not.toEqual([]);
  if (flusher.state === "idle") expect(flusher.pending).toBe(false);
}

/** A write that says how far the run has come, so that a barrier can be checked from outside. */
let marks = 0;

async function drive(
  watched: Watched,
  steps: readonly Step[],
  afterStep: (call: Call | undefined) => void = () => {},
): Promise<void> {
  const { run, flusher, clock, store, endpoint } = watched;
  const broken: string[] = [];
  for (const current of steps) {
    let written: Call | undefined;
    switch (current.step) {
      case "write":
        try {
          perform(store, current.call);
          written = current.call;
        } catch {}
        break;
      case "tick":
        await clock.advance(current.ms);
        break;
      case "flush": {
        marks += 1;
        const mark = marks;
        store.set("mark", mark);
        written = { call: "set", key: "mark", value: mark };
        flusher.flush({ timeoutMs: current.timeoutMs }).then(
          () => {
            // I7: the mark is there, or a later one, or the document was replaced since.
            const arrived = endpoint
              .applied("run_scripted")
              .some(
                (operation) =>
                  operation.type === "update" ||
                  (operation.type === "set" && operation.key === "mark" && Number(operation.value) >= mark),
              );
            if (!arrived) broken.push(`flush() resolved before mark ${mark} was stored`);
          },
          () => {},
        );
        break;
      }
      case "refresh":
        watch(flusher.refresh());
    }
    afterStep(written);
    checkAlways(watched);
  }
  const closed = watch(run.close());
  await clock.advance(5_000);
  expect(closed.state).toBe("resolved");
  checkAlways(watched);
  // Late delivery, at a healthy endpoint.
  await clock.advance(200_000);
  expect(broken).toEqual([]);
}

describe("the flusher against a plain document", () => {
  it("I5 I6 I8 I9 I12 whatever the network does, everything arrives once and in order, and the job reads its own writes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.array(fc.constantFrom(...harmless), { maxLength: 10 }),
        fc.boolean(),
        async (steps, script, deduplicates) => {
          const watched = openWatched(script, { deduplicates });
          let expected = {};
          await drive(watched, steps, (call) => {
            if (call !== undefined) expected = applyCall(expected, call);
            expect(watched.store.current()).toEqual(expected);
          });
          expect(watched.flusher.pending).toBe(false);
          expect(watched.drops).toEqual([]);
          expect(watched.stored()).toEqual(expected);
          expect(watched.store.current()).toEqual(expected);
          expect(watched.clock.pendingTimers).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("I5 I12 refusals and lost keys: what is not dropped by name arrives, and the job reads what is stored", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.array(fc.constantFrom(...all), { maxLength: 12 }),
        fc.constantFrom(1_048_576, 16_384),
        async (steps, script, maxPendingBytes) => {
          const watched = openWatched(script, { metadata: { maxPendingBytes } });
          await drive(watched, steps);
          // A pause at the end of the run lasts until somebody asks.
          for (let asked = 0; asked < 15 && watched.flusher.pending; asked += 1) {
            watch(watched.flusher.flush());
            await watched.clock.advance(60_000);
          }
          const { dropped, acknowledged, accepted: calls } = watched.flusher.stats();
          expect(watched.flusher.pending).toBe(false);
          expect(acknowledged + dropped).toBe(calls);
          expect(watched.drops.reduce((sum, drop) => sum + drop.count, 0)).toBe(dropped);
          expect(watched.store.current()).toEqual(watched.stored());
        },
      ),
      { numRuns: 150 },
    );
  });

  it("F12 1,000 interleavings of writes, flush() and the timer: it is always armed again, and nothing stays behind", async () => {
    const small = fc.oneof(
      fc.constant<Step>({ step: "write", call: { call: "increment", key: "n", value: 1 } }),
      fc.constant<Step>({ step: "flush", timeoutMs: 3_000 }),
      fc.constantFrom(0, 1, 249, 250, 251, 500).map((ms): Step => ({ step: "tick", ms })),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(small, { maxLength: 10 }),
        fc.array(fc.constantFrom<ReplyName>("accepted", "slow", "lost", "503"), { maxLength: 3 }),
        async (steps, script) => {
          const watched = openWatched(script, { metadata: { debounceMs: 250, maxWaitMs: 400 } });
          let n = 0;
          for (const current of steps) {
            if (current.step === "write") watched.store.increment("n", (n += 1) && 1);
            else if (current.step === "flush") watch(watched.flusher.flush());
            else if (current.step === "tick") await watched.clock.advance(current.ms);
            checkAlways(watched);
          }
          // Without the end of the run: the timers alone must do it.
          await watched.clock.advance(10_000);
          expect(watched.stored()).toEqual(n === 0 ? {} : { n });
          expect(watched.flusher.state).toBe("idle");
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
