import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CliProcess, callApi, projectFolder } from "./cli-process.ts";

const TASK = `import { metadata, task } from "@runmeta/runtime";
export const hello = task({ id: "hello", run: (payload: { n: number }) => { metadata.set("n", payload.n); return "done"; } });
export const leak = task({ id: "leak", run: () => { void Promise.reject(new Error("left behind")); } });
`;

async function failure(args: string[], cwd: string): Promise<string> {
  await using cli = new CliProcess(args, { cwd });
  expect(await cli.exited).toBe(1);
  expect(cli.stdout).toBe("");
  return cli.stderr;
}

describe("runmeta serve", { timeout: 90_000 }, () => {
  it("serves, executes TypeScript tasks, prints no key, and ends with 0 at SIGTERM", async () => {
    await using folder = await projectFolder();
    await writeFile(join(folder.path, "hello.ts"), TASK);
    const key = "tr_prod_a-key-of-the-test";
    await using cli = new CliProcess(["serve", "hello.ts", "--port", "0", "--data", "data"], {
      cwd: folder.path,
      env: { RUNMETA_SECRET_KEYS: key },
    });
    const url = await cli.url();
    await callApi(url, key, "POST", "/api/v1/tasks/leak/trigger", {});
    await cli.printed(/a promise failed that nobody awaits: Error: left behind/);
    const triggered = await callApi(url, key, "POST", "/api/v1/tasks/hello/trigger", { payload: { n: 3 } });
    const result = await callApi(
      url,
      key,
      "GET",
      `/engine/v1/runs/${triggered.body.id}/result?timeoutMs=20000`,
    );
    expect(result.body).toMatchObject({ ok: true });
    const run = await callApi(url, key, "GET", `/api/v3/runs/${triggered.body.id}`);
    expect(run.body).toMatchObject({ status: "COMPLETED", output: "done", metadata: { n: 3 } });
    expect((await callApi(url, key, "POST", "/api/v1/tasks/other/trigger", {})).status).toBe(404);
    expect(await cli.stop()).toBe(0);
    expect(cli.stdout).toContain("engine: inline, tasks: hello, leak");
    expect(cli.stdout + cli.stderr).not.toContain(key);
  });

  it("keeps a key of its own in the data directory, for nobody else to read", async () => {
    await using folder = await projectFolder();
    await using cli = new CliProcess(["serve", "--port", "0"], { cwd: folder.path });
    const url = await cli.url();
    const path = join(folder.path, ".runmeta", "secret-key");
    const key = (await readFile(path, "utf8")).trim();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await callApi(url, key, "GET", "/api/v1/runs")).status).toBe(200);
    expect((await callApi(url, "tr_dev_other", "GET", "/api/v1/runs")).status).toBe(401);
    expect(await cli.stop("SIGINT")).toBe(0);
    expect(cli.stdout).toContain("engine: none");
    expect(cli.stdout).not.toContain(key);
  });

  it("serves the dashboard when it is told to, and signs nobody in by itself", async () => {
    await using folder = await projectFolder();
    const key = "tr_prod_a-key-of-the-test";
    const args = ["--dashboard", "--public-url", "https://runs.example.com", "--allowed-host", "runmeta"];
    await using cli = new CliProcess(["serve", "--port", "0", "--host", "0.0.0.0", ...args], {
      cwd: folder.path,
      env: { RUNMETA_SECRET_KEYS: key },
    });
    const url = (await cli.url()).replace("0.0.0.0", "127.0.0.1");
    await cli.printed(/^dashboard https:\/\/runs\.example\.com$/m);
    const signIn = (body: object) =>
      fetch(`${url}/auth/session`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-runmeta-dashboard": "1",
          origin: "https://runs.example.com",
        },
        body: JSON.stringify(body),
      });
    expect((await signIn({ key: "tr_prod_other" })).status).toBe(401);
    const signedIn = await signIn({ key });
    expect(signedIn.headers.getSetCookie()[0]).toMatch(/^__Host-runmeta=.*; Secure/);
    expect((await fetch(`${url}/api/v1/runs`)).status).toBe(401);
    expect(await cli.stop()).toBe(0);
    expect(cli.stdout).not.toContain("/auth/link/");
    expect(cli.stdout + cli.stderr).not.toContain(key);
  });

  it("D2 says who has the data directory, and which port is taken, in one line", async () => {
    await using folder = await projectFolder();
    await using holder = new CliProcess(["serve", "--port", "0"], { cwd: folder.path });
    await holder.url();
    const locked = await failure(["serve", "--port", "0"], folder.path);
    expect(locked).toMatch(/^runmeta: The data directory is in use: .* process \d+ .*\n$/);
    expect(locked).toContain(String(holder.child.pid));

    const { port } = new URL(await holder.url());
    const inUse = await failure(["serve", "--port", port, "--data", "other"], folder.path);
    expect(inUse).toMatch(/^runmeta: Cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\n$/);
  });

  it("explains what is wrong with the command line in one line, without a stack", async () => {
    await using folder = await projectFolder();
    await writeFile(join(folder.path, "broken.ts"), "export const x = ;\n");
    await writeFile(join(folder.path, "empty.ts"), "export {};\n");
    const cases: [string[], RegExp][] = [
      [
        ["--database-url", "mysql://me:s3cret@db/x", "--secret-key", "tr_dev_a"],
        /^runmeta: The database URL must begin with postgres:\/\/ or postgresql:\/\/\.\n$/,
      ],
      [["nothere.ts"], /There is no task file or folder nothere\.ts/],
      [["broken.ts"], /broken\.ts cannot be loaded: .*broken\.ts:1:\d+/],
      [["empty.ts"], /No task is defined in .*empty\.ts/],
      [["--engine", "inline"], /There are no task files/],
      [["--engine", "bullmq"], /needs a place for its queue: --redis-url, or --database-url/],
      [["--redis-url", "redis://127.0.0.1:1"], /--redis-url is for --engine bullmq/],
      [["--engine", "none", "empty.ts"], /--engine none executes nothing/],
      [["--host", "0.0.0.0", "--dashboard"], /There is no secret key: set RUNMETA_SECRET_KEYS/],
      [["--secret-key", "secret-nonsense"], /Secret key 1 of 1 is not of the form/],
    ];
    const said = await Promise.all(
      cases.map(([args]) => failure(["serve", "--port", "0", ...args], folder.path)),
    );
    for (const [index, [, expected]] of cases.entries()) {
      expect(said[index]).toMatch(expected);
      expect(said[index]?.trim().split("\n")).toHaveLength(1);
      expect(said[index]).not.toContain("secret-nonsense");
    }
    expect(await failure(["serve", "--port", "70000"], folder.path)).toContain("from 0 to 65535");
  });

  it("knows --version and --help", async () => {
    await using folder = await projectFolder();
    await using version = new CliProcess(["--version"], { cwd: folder.path });
    await using help = new CliProcess(["serve", "--help"], { cwd: folder.path });
    expect(await version.exited).toBe(0);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await help.exited).toBe(0);
    expect(help.stdout).toContain("--database-url");
  });
});
