import type { RunmetaConfig } from "./config.ts";
import type { HookFunction, HookKind } from "./hooks.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** One `tasks.on…` registration. */
export interface GlobalHook<K extends HookKind = HookKind> {
  readonly kind: K;
  readonly name: string | undefined;
  readonly call: HookFunction<K>;
}

/** What modules register when they are imported, for the whole process. */
export interface ProcessRegistry {
  readonly tasks: Map<string, TaskDefinition>;
  globalHooks: readonly GlobalHook[];
  config: RunmetaConfig | undefined;
}

const slot = Symbol.for("runmeta.lifecycle.v1");
const shared = globalThis as { [slot]?: ProcessRegistry };

/** One registry for all copies of the package: a task defined through the CommonJS copy is found by an ESM engine. */
export const processRegistry: ProcessRegistry = (shared[slot] ??= {
  tasks: new Map(),
  globalHooks: [],
  config: undefined,
});

/**
 * Forgets all tasks, global hooks and the config, before the modules that define them are loaded again. Runs under
 * way keep what they started with.
 */
export function clearProcessRegistry(): void {
  processRegistry.tasks.clear();
  processRegistry.globalHooks = [];
  processRegistry.config = undefined;
}
