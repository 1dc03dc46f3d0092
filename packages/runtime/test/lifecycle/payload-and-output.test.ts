import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { decodePacket } from "../../src/client/packet.ts";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { schemaTask } from "../../src/lifecycle/schema-task.ts";
import { task } from "../../src/lifecycle/task.ts";
import { tasks } from "../../src/lifecycle/tasks.ts";
import { execute } from "./execute.ts";

afterEach(clearProcessRegistry);

describe("payload and output", () => {
  it("keeps a Date in the payload and in the output a Date", async () => {
    const later = task({
      id: "later",
      run: async (payload: { at: Date }) => new Date(payload.at.getTime() + 1),
    });
    const { outcome } = await execute(later, { at: new Date(41) });
    expect(outcome.kind === "completed" && (await decodePacket(outcome.output))).toEqual(new Date(42));
  });

  it("fails without a retry when the payload cannot be read; hooks that know no payload type are told", async () => {
    const told: string[] = [];
    tasks.onFailure(() => void told.push("global"));
    const strict = task({
      id: "strict",
      retry: {},
      onFailure: () => void told.push("task"),
      run: async () => {},
    });
    const { outcome } = await execute(strict, undefined, {
      run: { payload: { data: "{", dataType: "application/json" } },
    });
    expect(outcome).toMatchObject({
      kind: "failed",
      reason: "payload",
      retryAfterMs: undefined,
      error: { name: "TaskPayloadError" },
    });
    expect(told).toEqual(["global"]);
  });

  it("fails without a retry when the output cannot be sent", async () => {
    const output = {
      toJSON: 1,
      get bad() {
        throw new Error("unreadable");
      },
    };
    const unsendable = task({ id: "unsendable", retry: {}, run: async () => output });
    const { outcome } = await execute(unsendable, undefined);
    expect(outcome).toMatchObject({ kind: "failed", reason: "output", error: { name: "TaskOutputError" } });
  });

  it("parses the payload of a schemaTask before anything else and names what is wrong with it", async () => {
    const greet = schemaTask({
      id: "greet",
      retry: {},
      schema: z.object({ name: z.string(), at: z.coerce.date() }),
      run: async ({ name, at }) => `${name} ${at.getTime()}`,
    });
    expect((await execute(greet, { name: "Ada", at: "1970-01-01T00:00:01Z" })).outcome).toMatchObject({
      value: "Ada 1000",
    });
    const { outcome } = await execute(greet, { name: 1, at: "1970-01-01" });
    expect(outcome).toMatchObject({ kind: "failed", reason: "payload" });
    expect(outcome.kind === "failed" && outcome.error.message).toMatch(
      /Invalid payload for task "greet": name: .*string/,
    );
  });
});
