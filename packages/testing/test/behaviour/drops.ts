import { metadata, task } from "@runmeta/runtime";
import {
  hangs,
  lostReply,
  mockRun,
  runTask,
  scriptedEndpoint,
  status,
  type TestRun,
} from "../../src/index.ts";
import type { Behaviour } from "./behaviour.ts";

const lost = (run: TestRun) =>
  run.drops.map(({ reason, count, keys, target }) => [reason, count, keys, target]);

const reporting = task({
  id: "behaviour-drops-reporting",
  run: (bytes: number) => {
    metadata.set("own", true);
    metadata.parent.set("large", "x".repeat(bytes)).increment("n");
  },
});

/**
 * Reasons for which an accepted write may be lost. Two cannot happen here: `exit` needs a process that ends, `unsupported` a
 * target without parent and root documents.
 */
export const drops: readonly Behaviour[] = [
  {
    name: "drops: refused, a key that does not fit the endpoint's limit, and only that one",
    async observe({ backend }) {
      const endpoint = scriptedEndpoint([], { backend, maximumSize: 4_096 });
      const run = await mockRun({ endpoint, maximumSize: 10_000 }, async () => {
        metadata.set("a", 1).set("large", "x".repeat(6_000)).increment("n");
        const code = await metadata.flush().then(
          () => "flushed",
          (error) => error.code,
        );
        return [code, Object.keys(metadata.current() ?? {})];
      });
      return [run.result, run.metadata, lost(run), run.stats.acknowledged];
    },
    expected: [
      ["RUNMETA_METADATA_FLUSH", ["a", "n"]],
      { a: 1, n: 1 },
      [["refused", 1, ["large"], "self"]],
      2,
    ],
  },
  {
    name: "drops: nothing, where a raised limit holds at the endpoint as well",
    async observe({ backend }) {
      const run = await mockRun({ backend, maximumSize: 10_000 }, () => {
        metadata.set("a", "x".repeat(6_000)).set("b", 1);
      });
      return [Object.keys(run.metadata), run.drops];
    },
    expected: [["a", "b"], []],
  },
  {
    name: "drops: refused, by an endpoint that does not let the run write",
    async observe({ endpoint }) {
      const refusing = endpoint(status(403), status(403));
      const run = await mockRun({ endpoint: refusing }, () => void metadata.set("a", 1).increment("n"));
      return [run.metadata, lost(run), run.warnings.map(({ code }) => code)];
    },
    expected: [{}, [["refused", 2, ["a", "n"], "self"]], ["REFUSED", "DROPPED"]],
  },
  {
    name: "drops: refused, what does not fit the parent",
    async observe({ backend }) {
      const run = await runTask(reporting, 5_000, { backend, parent: { metadata: { kept: true } } });
      return [run.metadata, run.parent?.metadata, lost(run)];
    },
    expected: [{ own: true }, { kept: true }, [["refused", 2, ["large", "n"], "parent"]]],
    except: {
      "trigger.dev": {
        why: "its replies say nothing about other runs",
        expected: [{ own: true }, { kept: true }, []],
      },
    },
  },
  {
    name: "drops: ambiguous, an increment whose reply was lost where nothing is deduplicated",
    async observe({ backend }) {
      const endpoint = scriptedEndpoint([lostReply()], { backend, deduplicates: false });
      const run = await mockRun({ endpoint, parent: {} }, () => void metadata.parent.increment("n"));
      return [run.parent?.metadata, lost(run)];
    },
    expected: [{ n: 1 }, [["ambiguous", 1, ["n"], "parent"]]],
    except: { server: { why: "it always deduplicates", expected: [{ n: 1 }, []] } },
  },
  {
    name: "drops: overflow, writes to the parent beyond what may wait",
    async observe({ endpoint }) {
      const run = await mockRun({ endpoint: endpoint(hangs()), parent: {} }, async () => {
        for (let index = 0; index < 40; index += 1) {
          metadata.parent.set(`k${index}`, "x".repeat(60_000));
        }
      });
      const [first] = run.drops;
      return [first?.reason, first?.target, run.stats.dropped > 0];
    },
    expected: ["overflow", "parent", true],
  },
  {
    name: "drops: closed, a write after the end",
    async observe({ backend }) {
      let late: () => void = () => {};
      const run = await mockRun({ backend }, () => {
        const settled = new Promise<void>((resolve) => {
          late = resolve;
        });
        void settled.then(() => metadata.set("late", true));
      });
      late();
      await Promise.resolve();
      return [lost(run), run.leftovers.map(({ kind }) => kind)];
    },
    expected: [[["closed", 1, ["late"], "self"]], ["late-write"]],
  },
];
