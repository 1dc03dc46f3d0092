import { currentScope } from "../context/context-storage.ts";
import { NotSupportedError } from "../errors.ts";

/** Names a value that is kept for the time of one run; made by `locals.create`. */
export interface LocalsKey<T> {
  readonly id: string;
  /** Carries the type of the value; never there at run time. */
  readonly __valueType?: T;
}

function slot(key: LocalsKey<unknown>): symbol {
  // By name, so that the CommonJS copy of the package finds what the ESM copy has set.
  return Symbol.for(`runmeta.local.${key.id}`);
}

/**
 * Values that live as long as the run: set in middleware or a hook, read anywhere below it. Each run has its own;
 * each attempt starts with none.
 *
 * @example
 * const db = locals.create<Client>("db");
 * tasks.middleware("db", async ({ next }) => { locals.set(db, await connect()); await next(); });
 * // anywhere below `run`
 * await locals.getOrThrow(db).query("select 1");
 */
export const locals = {
  /** Two keys of the same id name the same value. */
  create<T>(id: string): LocalsKey<T> {
    return { id };
  },

  /** The value; undefined when none was set in this run, and outside a run. */
  get<T>(key: LocalsKey<T>): T | undefined {
    // Only `set` of a key of this type puts something there.
    return currentScope()?.attachments.get(slot(key)) as T | undefined;
  },

  /** The value. @throws NotSupportedError when none was set in this run */
  getOrThrow<T>(key: LocalsKey<T>): T {
    const scope = currentScope();
    if (scope === undefined || !scope.attachments.has(slot(key))) {
      throw new NotSupportedError(
        `locals.getOrThrow("${key.id}")`,
        "nothing was set for this key in the current run",
      );
    }
    return scope.attachments.get(slot(key)) as T;
  },

  /** Sets the value for the current run and gives it back. @throws NotSupportedError outside a run */
  set<T>(key: LocalsKey<T>, value: T): T {
    const scope = currentScope();
    if (scope === undefined) {
      throw new NotSupportedError(
        `locals.set("${key.id}") outside a run`,
        "set it in middleware, a hook or `run`",
      );
    }
    scope.attachments.set(slot(key), value);
    return value;
  },
} as const;
