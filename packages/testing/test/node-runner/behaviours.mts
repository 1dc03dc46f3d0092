import assert from "node:assert/strict";
import { test } from "node:test";
import { behaviours } from "../behaviour/all.ts";
import { expectedOn, placeOn } from "../behaviour/behaviour.ts";

for (const behaviour of behaviours) {
  test(behaviour.name, async () => {
    assert.deepEqual(await behaviour.observe(placeOn("memory")), expectedOn(behaviour, "memory"));
  });
}

// The process ends by itself afterwards, or the run of this file never would.
test("a behaviour on the real server", { timeout: 120_000 }, async () => {
  const [behaviour] = behaviours;
  assert.ok(behaviour);
  assert.deepEqual(await behaviour.observe(placeOn("server")), expectedOn(behaviour, "server"));
});
