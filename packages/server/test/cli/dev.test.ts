import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { CliProcess, callApi, projectFolder } from "./cli-process.ts";

const CONFIG = `import { defineConfig, metadata } from "@runmeta/runtime";
export default defineConfig({ project: "p", dirs: ["jobs"], onStart: () => void metadata.set("config", true) });
`;

function taskFile(version: string): string {
  return `import { metadata, task } from "@runmeta/runtime";
export const hello = task({
  id: "hello",
  run: async (payload: { until?: string }, { ctx, signal }) => {
    metadata.append("versions", "${version}");
    await metadata.flush();
    // The first version waits to be interrupted.
    if (payload.until !== undefined && payload.until !== "${version}")
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    return { version: "${version}", attempt: ctx.attempt.number };
  },
});
`;
}

it("runs tasks, loads them again when they change, and loses no run over it", {
  timeout: 90_000,
}, async () => {
  await using folder = await projectFolder();
  await mkdir(join(folder.path, "jobs"));
  await writeFile(join(folder.path, "runmeta.config.ts"), CONFIG);
  await writeFile(join(folder.path, "jobs", "hello.ts"), taskFile("one"));
  await using cli = new CliProcess(["dev", "--port", "0"], { cwd: folder.path });
  const url = await cli.url();
  expect((await cli.printed(/TRIGGER_API_URL=(\S+)/))[1]).toBe(url);
  const key = (await cli.printed(/TRIGGER_SECRET_KEY=(\S+)/))[1] ?? "";
  await cli.printed(/1 task: hello/);
  const [, link = ""] = await cli.printed(/^dashboard (\S+)$/m);
  const opened = await fetch(link, { redirect: "manual" });
  expect([opened.status, opened.headers.get("location")]).toEqual([303, "/"]);
  const [cookie = ""] = opened.headers.getSetCookie();

  const trigger = async (payload: unknown): Promise<string> =>
    (await callApi(url, key, "POST", "/api/v1/tasks/hello/trigger", { payload })).body.id;
  const result = async (id: string) =>
    await callApi(url, key, "GET", `/engine/v1/runs/${id}/result?timeoutMs=20000`);
  const retrieve = async (id: string) => (await callApi(url, key, "GET", `/api/v3/runs/${id}`)).body;

  const first = await trigger({});
  await result(first);
  expect(await retrieve(first)).toMatchObject({
    status: "COMPLETED",
    output: { version: "one", attempt: 1 },
    metadata: { config: true, versions: ["one"] },
  });

  const waiting = await trigger({ until: "two" });
  await expect.poll(async () => (await retrieve(waiting)).metadata?.versions).toEqual(["one"]);
  await writeFile(join(folder.path, "jobs", "hello.ts"), taskFile("two"));
  const [, newLink = ""] = await cli.printed(/reloaded, 1 task: hello\ndashboard (\S+)/);
  expect((await fetch(link)).status).toBe(410);
  expect((await fetch(newLink, { redirect: "manual" })).status).toBe(303);
  // Who was signed in still is.
  const runs = await fetch(`${url}/api/v1/runs`, { headers: { cookie: cookie.split(";")[0] ?? "" } });
  expect(runs.status).toBe(200);
  await result(waiting);
  expect(await retrieve(waiting)).toMatchObject({
    status: "COMPLETED",
    output: { version: "two", attempt: 2 },
    metadata: { config: true, versions: ["one", "two"] },
  });

  await writeFile(join(folder.path, "jobs", "broken.ts"), "export const x = ;\n");
  await cli.printed(/broken\.ts cannot be loaded/);
  await cli.printed(/kept the tasks as they were/);
  const still = await trigger({});
  await result(still);
  expect((await retrieve(still)).status).toBe("COMPLETED");
  await rm(join(folder.path, "jobs", "broken.ts"));
  expect(await cli.stop()).toBe(0);
  // A4 the key is printed for pasting, and is in no link.
  expect(cli.stdout.split(key)).toHaveLength(2);
});

it("says that there are no task files", async () => {
  await using folder = await projectFolder();
  await using cli = new CliProcess(["dev", "--port", "0"], { cwd: folder.path });
  expect(await cli.exited).toBe(1);
  expect(cli.stderr).toMatch(/^runmeta: There are no task files: .*\n$/);
});
