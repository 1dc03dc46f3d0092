import { describe, expect, it } from "vitest";
import type { Operation } from "../../src/protocol/index.ts";
import { openScripted } from "../flush/scripted-run.ts";

describe("what is sent", () => {
  it("F14 I9 every request is one batch of collapsed operations under publisher.sequence", async () => {
    const { store, clock, keys, endpoint } = openScripted();
    for (let i = 0; i < 100; i += 1) {
      store.increment("n", 1);
      store.set("s", i);
      store.append("list", i);
    }
    await clock.advance(1_000);
    store.set("s", "x");
    await clock.advance(1_000);
    const [first, second] = keys();
    expect(first).toMatch(/^[0-9a-f]{32}\.1$/);
    expect(second).toBe(first?.replace(/1$/, "2"));
    const body = endpoint.metadataRequests[0]?.body as { operations: Operation[] };
    expect(body.operations.filter((operation) => operation.type !== "append")).toEqual([
      { type: "increment", key: "n", value: 100 },
      { type: "set", key: "s", value: 99 },
    ]);
  });
});
