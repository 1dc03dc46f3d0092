import { describe, expect, it } from "vitest";
import { openScripted, type ScriptedRunOptions } from "../flush/scripted-run.ts";

/** What one flush sends after a write to the root and then one to the parent. */
async function sent(options: ScriptedRunOptions) {
  const { run, clock, endpoint } = openScripted([], options);
  run.scope.root.set("k", "root");
  run.scope.parent.set("k", "parent");
  const closed = run.close();
  await clock.advance(5_000);
  await closed;
  return endpoint.metadataRequests[0]?.body as Record<string, unknown>;
}

describe("writes to relatives", () => {
  it("go to one document in their order, when the parent is the root", async () => {
    const body = await sent({ parentId: "run_parent", rootId: "run_parent" });
    expect(body.parentOperations).toEqual([{ type: "set", key: "k", value: "parent" }]);
    expect(body.rootOperations).toEqual([]);
  });

  it("never land on the run itself when it has a parent, also when only the endpoint knows the root", async () => {
    const body = await sent({ parentId: "run_parent" });
    expect(body.operations).toEqual([]);
    expect(body.rootOperations).toEqual([{ type: "set", key: "k", value: "root" }]);
  });
});
