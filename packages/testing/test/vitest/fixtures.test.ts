import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { currentRun, metadata, task, wait } from "@runmeta/runtime";
import { describe } from "vitest";
import { status } from "../../src/index.ts";
import { expect, inRun, test } from "../../src/vitest.ts";

const slowly = task({
  id: "fixtures-slowly",
  run: async (seconds: number) => {
    metadata.set("waiting", true);
    await wait.for({ seconds });
    return seconds;
  },
});

describe.concurrent("fixtures", () => {
  test("a test needs three lines", async ({ runTask }) => {
    expect(await runTask(slowly, 3_600)).toMatchObject({ status: "COMPLETED", output: 3_600 });
  });

  test("runs use the test's endpoint", async ({ runTask, mockRun, endpoint }) => {
    endpoint.reply(status(503, { retryAfterMs: 2_000 }));
    const run = await runTask(slowly, 60);
    expect(run.requests.map(({ status: code }) => code)).toEqual([503, 200]);
    const mocked = await mockRun({}, () => void metadata.set("a", 1));
    expect([endpoint.document(run.id), endpoint.document(mocked.id)]).toEqual([{ waiting: true }, { a: 1 }]);
    endpoint.verify();
  });

  test("runs wait on the test's clock, where it asks for one", async ({ runTask, clock }) => {
    const running = runTask(slowly, 10);
    await clock.advance(9_999);
    expect(clock.pendingTimers).toMatchObject([{ at: 10_000 }]);
    await clock.advance(1);
    expect(await running).toHaveMetadata("waiting", true);
  });

  test("options of a call win", async ({ runTask, endpoint }) => {
    const run = await runTask(slowly, 1, { endpoint: undefined, metadata: { own: true } });
    expect(run).toHaveMetadata({ own: true });
    expect(endpoint.requests).toEqual([]);
  });
});

describe.concurrent("inRun", () => {
  const ended: (string | undefined)[] = [];
  test.aroundEach(
    inRun({ task: "around", metadata: { step: 0 } }, (run) => {
      ended.push(run.status);
      expect(run).toHaveMetadata("step", 1);
      expect(run).toHaveFlushed();
    }),
  );

  for (const name of ["one", "another"]) {
    test(`I2 puts ${name} test inside a run of its own`, async () => {
      metadata.increment("step");
      await Promise.resolve();
      expect(currentRun()?.task).toBe("around");
      expect(metadata).toHaveMetadata({ step: 1 });
      expect(ended).not.toContain("FAILED");
    });
  }
});

describe("in a process of its own", () => {
  test("what a test leaves behind fails it, and says what to do", async () => {
    const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
    const root = fileURLToPath(new URL("../../../../", import.meta.url));
    const ran = await promisify(execFile)(
      process.execPath,
      [
        "node_modules/vitest/vitest.mjs",
        "run",
        "--config",
        "packages/testing/test/vitest/leftovers/vitest.config.ts",
        "--reporter",
        "json",
      ],
      { env, cwd: root },
    ).catch((error: { stdout: string }) => error);
    const report = JSON.parse(ran.stdout) as {
      testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
    };
    const results = report.testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ title, status: state, failureMessages }) => [
        title,
        state,
        failureMessages.map((message) => message.split("\n")[0]),
      ]),
    );
    expect(results).toEqual([
      [
        "a run that is never awaited",
        "failed",
        ["Error: runTask(left-behind) had not ended when the test did: await it"],
      ],
      [
        "a wait that nobody awaits",
        "failed",
        [
          "Error: something in run run_1 still waits 5000 ms on its clock (wait.for, flush()): await it before the run ends",
        ],
      ],
      [
        "a write after the run",
        "failed",
        [
          'Error: "late" of run run_1 was written after the run had closed, and lost: await what writes before the run ends',
        ],
      ],
      ["a run that is never awaited, allowed", "passed", []],
      ["a test that fails by itself", "failed", ["Error: by itself"]],
    ]);
  });
});
