import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ApiClient } from "../../src/client/api-client.ts";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { task } from "../../src/lifecycle/task.ts";
import { useConfig } from "../../src/lifecycle/use-config.ts";
import { metadata } from "../../src/metadata.ts";
import { scriptedServer, TOKEN } from "../client/scripted-server.ts";
import { execute } from "./execute.ts";

afterEach(clearProcessRegistry);

describe("metadata in a task, as the guide promises", () => {
  it("reads what the run was triggered with, and changes it anywhere below run", async () => {
    async function step(name: string) {
      await Promise.resolve();
      metadata.set("status", name).increment("steps");
    }
    const worker = task({
      id: "worker",
      run: async (_: undefined) => {
        const name = metadata.get("user").name;
        await step("first");
        await step("second");
        metadata.del("user");
        return { name, current: metadata.current() };
      },
    });
    const { outcome, document } = await execute(worker, undefined, { metadata: { user: { name: "Ada" } } });
    expect(outcome).toMatchObject({ value: { name: "Ada", current: { status: "second", steps: 2 } } });
    expect(document).toEqual({ status: "second", steps: 2 });
  });

  it("reads a Date back as its ISO string, and a schema makes it a Date again", async () => {
    const at = new Date(0);
    const dated = task({
      id: "dated",
      run: async () => {
        await metadata.save({ date: at });
        return [metadata.get("date"), z.object({ date: z.coerce.date() }).parse(metadata.current())];
      },
    });
    const { outcome, document } = await execute(dated, undefined);
    expect(outcome).toMatchObject({ value: [at.toISOString(), { date: at }] });
    expect(document).toEqual({ date: at.toISOString() });
  });

  it("I11 the config's hooks and the task's write to the document of run", async () => {
    useConfig({
      project: "p",
      onStart: () => void metadata.set("by config", metadata.current()),
      onComplete: ({ result }) => void metadata.set("ok", result.ok),
    });
    const hooked = task({
      id: "hooked",
      onStart: () => void metadata.append("order", "task"),
      run: async () => void metadata.append("order", "run"),
    });
    const { document } = await execute(hooked, undefined, { metadata: { given: 1 } });
    expect(document).toEqual({ given: 1, "by config": { given: 1 }, order: ["task", "run"], ok: true });
  });

  it("refuses what is no object, at save and at trigger, naming metadata and the path; nothing is sent", async () => {
    await using server = await scriptedServer([]);
    const child = task({ id: "child", run: async () => {} });
    class User {}
    const wrong: unknown[] = [["a"], "text", () => {}, { user: new User() }];
    const refusing = task({
      id: "refusing",
      run: async () => {
        const messages: string[] = [];
        for (const value of wrong) {
          try {
            metadata.save(value as never);
          } catch (error) {
            messages.push((error as Error).message);
          }
          await child
            .trigger(undefined, { metadata: value as never })
            .catch((error: Error) => messages.push(error.message));
        }
        return messages;
      },
    });
    const client = new ApiClient({ baseURL: server.url, accessToken: TOKEN });
    const { outcome, document } = await execute(refusing, undefined, { client });
    const messages = outcome.kind === "completed" ? (outcome.value as string[]) : [];
    expect(messages).toHaveLength(8);
    for (const message of messages) expect(message).toMatch(/^Invalid metadata at \$/);
    expect(messages.at(-1)).toContain("$.user");
    expect(document).toEqual({});
    expect(server.requests).toEqual([]);
  });

  it("I2 keeps a hundred runs at once apart, hooks included", async () => {
    const busy = task({
      id: "busy",
      onStart: async ({ payload }) => {
        await Promise.resolve();
        metadata.append("seen", (payload as unknown as { n: number }).n);
      },
      run: async ({ n }: { n: number }) => {
        for (let turn = 0; turn < 5; turn += 1) {
          await new Promise((resolve) => setImmediate(resolve));
          metadata.append("seen", n);
        }
      },
      onComplete: () => void metadata.append("seen", "end"),
    });
    const all = await Promise.all(Array.from({ length: 100 }, (_, n) => execute(busy, { n })));
    for (const [n, { document }] of all.entries())
      expect(document).toEqual({ seen: [n, n, n, n, n, n, "end"] });
  });
});
