import type { Engine } from "./engine.ts";

/**
 * Executes nothing: any task may be triggered, and runs stay queued for foreign workers, which take them through
 * `/engine/v1/runs/…`.
 */
export function noEngine(): Engine {
  return {
    name: "none",
    start: async () => undefined,
    knows: () => true,
    notify: () => undefined,
    cancel: () => undefined,
    stop: async () => undefined,
  };
}
