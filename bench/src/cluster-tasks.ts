import { setTimeout as wait } from "node:timers/promises";
import { metadata, task } from "@runmeta/runtime";

/** A job that reports as it goes: each step is two writes and a pause. */
export const load = task({
  id: "bench-load",
  run: async ({ writes, pauseMs }: { writes: number; pauseMs: number }) => {
    for (let step = 0; step < writes; step += 2) {
      metadata.set("at", Date.now()).increment("steps");
      await wait(pauseMs);
    }
    return writes;
  },
});
