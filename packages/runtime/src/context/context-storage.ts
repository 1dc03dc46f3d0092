import { AsyncLocalStorage } from "node:async_hooks";
import type { RunScope } from "./run-scope.ts";

const slot = Symbol.for("runmeta.context.v1");
const shared = globalThis as { [slot]?: AsyncLocalStorage<RunScope | undefined> };

// One storage for all copies of the package in the process: an ESM and a CommonJS copy see the same run.
const storage = (shared[slot] ??= new AsyncLocalStorage());

/** The run that the calling code belongs to; undefined outside a run. */
export function currentScope(): RunScope | undefined {
  return storage.getStore();
}

/** Calls `body` inside `scope`; what it starts, awaits or schedules stays inside. */
export function runInScope<T>(scope: RunScope, body: () => T): T {
  return storage.run(scope, body);
}

/** Calls `body` outside any run: a request that an instrumented `fetch` observes must not belong to the run it reports. */
export function runOutsideScope<T>(body: () => T): T {
  return storage.run(undefined, body);
}

const clientSlot = Symbol.for("runmeta.client-override.v1");
const sharedClient = globalThis as { [clientSlot]?: AsyncLocalStorage<ClientOverride> };
const overrides = (sharedClient[clientSlot] ??= new AsyncLocalStorage());

/** What calls to the API use below a certain call, and the run that call was made in: another run has its own. */
export interface ClientOverride {
  readonly scope: RunScope | undefined;
  /** Options of the client; `context` does not know them. */
  readonly options: object;
}

/** The innermost override that was made in the run (or outside any) that is current now. */
export function currentClientOverride(): ClientOverride | undefined {
  const override = overrides.getStore();
  return override !== undefined && override.scope === storage.getStore() ? override : undefined;
}

/** Calls `body` under an override; what it starts, awaits or schedules stays under it, runs that it opens do not. */
export function runWithClientOverride<T>(options: object, body: () => T): T {
  return overrides.run({ scope: storage.getStore(), options }, body);
}

/** Ties a function to the run that is current now (or to none), wherever it is called from. */
export function bindToScope<A extends unknown[], R>(body: (...args: A) => R): (...args: A) => R {
  const scope = storage.getStore();
  return (...args) => storage.run(scope, () => body(...args));
}
