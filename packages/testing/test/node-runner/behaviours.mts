import assert from "node:assert/strict";
import { test } from "node:test";
import { behaviours } from "../behaviour/all.ts";
import { expectedOn, placeOn } from "../behaviour/behaviour.ts";

for (const behaviour of behaviours) {
  test(behaviour.name, async () => {
    assert.deepEqual(await behaviour.observe(placeOn("memory")), expectedOn(behaviour, "memory"));
  });
}
