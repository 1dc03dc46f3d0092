import type { AnyTaskHooks, BoundHook, HookKind, HookParamsOf } from "./hooks.ts";
import type { GlobalHook } from "./process-registry.ts";

/** Where the hooks of a run come from. */
export interface HookSources {
  readonly config: AnyTaskHooks | undefined;
  readonly global: readonly GlobalHook[];
  readonly task: AnyTaskHooks;
}

/** The hooks of one kind in the order in which they run: the config's, the global ones as registered, the task's own. */
export function collectHooks<K extends HookKind>(kind: K, sources: HookSources): BoundHook<K>[] {
  const bound: BoundHook<K>[] = [];
  const add = (source: BoundHook<K>["source"], label: string, hook: unknown) => {
    // The kind decides which function stands behind it; the registries are keyed by it.
    if (typeof hook === "function")
      bound.push({ source, label, call: hook as (params: HookParamsOf<K>) => unknown });
  };
  add("config", `${kind} of the config`, sources.config?.[kind]);
  for (const hook of sources.global) {
    if (hook.kind !== kind) continue;
    add("global", hook.name === undefined ? `global ${kind}` : `global ${kind} "${hook.name}"`, hook.call);
  }
  add("task", `${kind} of the task`, sources.task[kind]);
  return bound;
}
