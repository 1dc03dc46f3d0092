import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workerReport } from "../../src/cli/worker-report.ts";
import { CliProcess, projectFolder } from "./cli-process.ts";

test("says what it needs, in one line", { timeout: 90_000 }, async () => {
  await using folder = await projectFolder();
  await writeFile(
    join(folder.path, "tasks.ts"),
    `import { task } from "@runmeta/runtime";\nexport const one = task({ id: "one", run: () => 1 });\n`,
  );
  const server = { TRIGGER_API_URL: "http://127.0.0.1:1", TRIGGER_SECRET_KEY: "tr_prod_worker" };
  const cases: [string[], Record<string, string>, RegExp][] = [
    [["tasks.ts"], { TRIGGER_SECRET_KEY: "tr_prod_a" }, /Where is the server\? Give --api-url/],
    [["tasks.ts", "--api-url", "http://127.0.0.1:1"], {}, /There is no secret key: set TRIGGER_SECRET_KEY/],
    [[], server, /There are no task files: name them/],
    [["tasks.ts"], server, /needs a place for its queue: either redisUrl or databaseUrl/],
    [["tasks.ts", "--redis-url", "http://127.0.0.1"], server, /The Redis URL must begin with redis:\/\//],
  ];
  const said = await Promise.all(
    cases.map(async ([args, env]) => {
      const worker = new CliProcess(["worker", ...args], {
        cwd: folder.path,
        env: { TRIGGER_API_URL: "", TRIGGER_SECRET_KEY: "", ...env },
      });
      expect(await worker.exited).toBe(1);
      return worker.stderr;
    }),
  );
  for (const [index, [, , expected]] of cases.entries()) expect(said[index]).toMatch(expected);
});

const END = {
  runId: "run_1",
  task: "one",
  attempt: 2,
  kind: "failed",
  retryAfterMs: 500,
  stats: {} as never,
} as const;

function written(isTTY: boolean) {
  const texts: string[] = [];
  const report = workerReport({ isTTY, write: (text) => texts.push(text) });
  report.start({ tasks: ["one", "two"], activeRuns: 1 });
  report.ended(END);
  report.ended({ ...END, kind: "completed", retryAfterMs: undefined });
  report.stopping();
  report.close();
  return texts.join("");
}

test("a log has a line for each attempt, and none that moves the cursor", () => {
  const log = written(false);
  expect(log.split("\n").slice(0, 3)).toEqual([
    "worker ready, tasks: one, two",
    "one run_1 attempt 2: failed, next in 500 ms",
    "one run_1 attempt 2: completed",
  ]);
  expect(log).not.toContain("\r");
});

test("a terminal has one line that is drawn anew", () => {
  const lines = written(true).trimEnd().split("\r\u001b[K");
  expect(lines[1]).toBe("[--------------------] 1 running, 0 completed, 0 failed, 0 stopped");
  expect(lines.at(-1)).toBe("[#############-------] 1 finishing, 1 completed, 1 failed, 0 stopped");
});
