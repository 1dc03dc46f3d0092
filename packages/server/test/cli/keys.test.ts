import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CliProcess, callApi, projectFolder } from "./cli-process.ts";

/** Runs `runmeta keys …` to its end. */
async function keys(cwd: string, ...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = new CliProcess(["keys", ...args], { cwd, env: { RUNMETA_ENCRYPTION_KEY: "" } });
  return { code: await child.exited, out: child.stdout, err: child.stderr };
}

test("keys are made, listed, used and revoked", async () => {
  await using project = await projectFolder();
  const cwd = project.path;
  const env = { RUNMETA_ENCRYPTION_KEY: "" };
  const created = await keys(cwd, "create", "--env", "prod");
  expect(created).toMatchObject({ code: 0, out: expect.stringMatching(/^tr_prod_\S{24}\n$/) });
  const key = created.out.trim();
  const readOnly = (await keys(cwd, "create", "--env", "prod", "--read-only")).out.trim();
  expect((await stat(join(cwd, ".runmeta/encryption-key"))).mode & 0o777).toBe(0o600);

  const server = new CliProcess(["serve", "--port", "0", "--engine", "none"], { cwd, env });
  const url = await server.url();
  expect(await callApi(url, key, "GET", "/api/v1/runs")).toMatchObject({ status: 200 });
  expect(await callApi(url, readOnly, "POST", "/api/v3/batches", { runCount: 1 })).toMatchObject({
    status: 403,
    body: { error: "This API key is read-only" },
  });
  const locked = await keys(cwd, "list");
  expect(locked).toMatchObject({ code: 1, err: expect.stringContaining("stop the server") });
  await server.stop();

  const listed = await keys(cwd, "list");
  expect(listed.out).toMatch(/^id +environment +access +created +revoked\n/);
  expect(listed.out).toMatch(/prod +full/);
  expect(listed.out).toMatch(/prod +read-only/);
  for (const secret of [
    key,
    readOnly,
    key.slice(8),
    (await readFile(join(cwd, ".runmeta/encryption-key"), "utf8")).trim(),
  ])
    expect(listed.out + listed.err + created.err).not.toContain(secret);
  const id = /Stored as (\w+)/.exec(created.err)?.[1] ?? "";
  expect((await keys(cwd, "revoke", id)).out).toBe(`revoked ${id}\n`);
  const unknown = await keys(cwd, "revoke", key);
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining("by its id") });
  expect(unknown.err).not.toContain(key);
  expect(await keys(cwd, "revoke", "000000000000")).toMatchObject({ code: 1 });

  const again = new CliProcess(["serve", "--port", "0", "--engine", "none"], { cwd, env });
  const nextUrl = await again.url();
  expect((await callApi(nextUrl, key, "GET", "/api/v1/runs")).status).toBe(401);
  expect((await callApi(nextUrl, readOnly, "GET", "/api/v1/runs")).status).toBe(200);
  await again.stop();
}, 180_000);
