import { metadata, task, wait } from "@runmeta/runtime";
import {
  brokenBody,
  down,
  hangs,
  lostReply,
  mockRun,
  networkFault,
  type Reply,
  runTask,
  slow,
  status,
  tooLarge,
} from "../../src/index.ts";
import type { Behaviour } from "./behaviour.ts";

/** A counter is incremented while the endpoint misbehaves: it must be right, and the code must not notice. */
function counts(name: string, replies: readonly Reply[], expected: unknown): Behaviour {
  return {
    name: `delivery: ${name}`,
    async observe({ endpoint }) {
      const run = await mockRun({ endpoint: endpoint(...replies) }, async () => {
        metadata.increment("n").append("list", "a");
        await metadata.flush({ timeoutMs: 600_000 }).catch(() => {});
        metadata.increment("n");
      });
      const { accepted, pending, dropped } = run.stats;
      return { stored: run.metadata, accepted, pending, dropped };
    },
    expected,
  };
}

const whole = { stored: { n: 2, list: ["a"] }, accepted: 3, pending: 0, dropped: 0 };

export const delivery: readonly Behaviour[] = [
  counts("a healthy endpoint", [], whole),
  counts("503, then healthy", [status(503)], whole),
  counts("429 with Retry-After", [status(429, { retryAfterMs: 7_000 })], whole),
  counts(
    "500 again and again",
    Array.from({ length: 8 }, () => status(500)),
    whole,
  ),
  counts("refused connections", [networkFault("ECONNREFUSED"), networkFault("ENOTFOUND")], whole),
  counts("a slow reply", [slow(5_000)], whole),
  counts("an endpoint that hangs once", [hangs()], whole),
  counts("an endpoint that is down for five minutes", [down(300_000)], whole),
  counts("an unreadable body", [brokenBody()], whole),
  counts("413 once: sent again with later writes", [tooLarge()], whole),
  counts("a reply that is lost after applying", [lostReply()], whole),
  {
    name: "delivery: a write to the parent whose reply is lost counts once",
    async observe({ endpoint }) {
      const reporting = task({ id: "behaviour-reporting", run: () => void metadata.parent.increment("n") });
      const run = await runTask(reporting, undefined, { endpoint: endpoint(lostReply()), parent: {} });
      return [run.parent?.metadata, run.drops.map(({ reason, target }) => [reason, target])];
    },
    expected: [{ n: 1 }, []],
    except: {
      "trigger.dev": {
        why: "an endpoint that does not deduplicate cannot be exactly-once: sent again it might count twice",
        expected: [{ n: 1 }, [["ambiguous", "parent"]]],
      },
    },
  },
  {
    name: "delivery: Retry-After is kept",
    async observe({ endpoint }) {
      const run = await mockRun({ endpoint: endpoint(status(503, { retryAfterMs: 90_000 })) }, async () => {
        metadata.set("a", 1);
        await metadata.flush({ timeoutMs: 600_000 });
      });
      return run.requests
        .filter(({ method, url }) => method === "PUT" && url.endsWith("/metadata"))
        .map(({ at, status: code }) => [at, code]);
    },
    expected: [
      [0, 503],
      [90_000, 200],
    ],
  },
  {
    name: "delivery: an endpoint that never answers does not change the result",
    async observe({ endpoint }) {
      const writing = task({
        id: "behaviour-writing",
        run: () => {
          metadata.set("a", 1);
          return "done";
        },
      });
      const run = await runTask(writing, undefined, {
        endpoint: endpoint(...Array.from({ length: 9 }, () => hangs())),
      });
      return [run.status, run.output, run.metadata, run.stats.pending, run.warnings.map(({ code }) => code)];
    },
    expected: ["COMPLETED", "done", {}, 1, ["NOT_DRAINED"]],
  },
  {
    name: "delivery: what is written while a request is under way is read after its reply as well",
    async observe({ endpoint }) {
      const run = await mockRun({ endpoint: endpoint(slow(2_000)) }, async () => {
        metadata.set("a", 1).increment("n");
        const flushed = metadata.flush();
        await wait.for({ seconds: 1 });
        metadata.set("b", 2).increment("n");
        await flushed;
        return metadata.current();
      });
      return [run.result, run.metadata];
    },
    expected: [
      { a: 1, n: 2, b: 2 },
      { a: 1, n: 2, b: 2 },
    ],
  },
];
