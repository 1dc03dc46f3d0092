import { currentScope } from "./context/context-storage.ts";
import type { RunScope } from "./context/run-scope.ts";

/** The update methods of a document. Each applies at once, checks the limit at the call, and gives the updater back. */
export interface Updater {
  /**
   * Sets a key. `$.a.b` and `$.list[0]` are paths; missing parents are made. `undefined` removes the key.
   * @throws MetadataValueError for what JSON cannot keep (functions, bigints, cycles, class instances without `toJSON`)
   * @throws MetadataSizeError when the document would exceed its limit; nothing is changed then
   */
  set(key: string, value: unknown): this;
  /** Removes a key, or what a path leads to. */
  del(key: string): this;
  /** Adds to a list; a missing key makes one, any other value becomes `[old, new]`. */
  append(key: string, value: unknown): this;
  /** Takes every item that is deeply equal to `value` out of a list. */
  remove(key: string, value: unknown): this;
  /** Adds to a number; a missing key or a non-number counts as 0. @param by finite; default 1 */
  increment(key: string, by?: number): this;
  /** Subtracts from a number. @param by finite; default 1 */
  decrement(key: string, by?: number): this;
  /** Replaces the whole document. */
  replace(document: object): this;
  /** Same as `replace`. */
  save(document: object): this;
  /** Same as `replace`, the official SDK's name on `metadata.parent` and `metadata.root`. */
  update(document: object): this;
}

/** Which of a run's documents an updater writes to. */
export type DocumentOf = (scope: RunScope) => RunScope["parent"];

/**
 * An updater for a document of whatever run is current at each call; outside a run it does nothing. Its methods do not
 * use `this`, so they can be taken off the object; those of `self` give `self` back.
 */
export function createUpdater<T extends Updater>(
  documentOf: DocumentOf,
  self: () => T,
): Pick<T, keyof Updater> {
  // Written out one by one: the write path has no room for a layer that dispatches by name.
  return {
    set(key: string, value: unknown) {
      const scope = currentScope();
      if (scope !== undefined) documentOf(scope).set(key, value);
      return self();
    },
    del(key: string) {
      const scope = currentScope();
      if (scope !== undefined) documentOf(scope).del(key);
      return self();
    },
    append(key: string, value: unknown) {
      const scope = currentScope();
      if (scope !== undefined) documentOf(scope).append(key, value);
      return self();
    },
    remove(key: string, value: unknown) {
      const scope = currentScope();
      if (scope !== undefined) documentOf(scope).remove(key, value);
      return self();
    },
    increment(key: string, by = 1) {
      const scope = currentScope();
      if (scope !== undefined) documentOf(scope).increment(key, by);
      return self();
    },
    decrement(key: string, by = 1) {
      const scope = currentScope();
      if (scope !== undefined) documentOf(scope).increment(key, typeof by === "number" ? -by : by);
      return self();
    },
    replace: replaceDocument,
    save: replaceDocument,
    update: replaceDocument,
  } as Pick<T, keyof Updater>;

  function replaceDocument(document: object): T {
    const scope = currentScope();
    if (scope !== undefined) documentOf(scope).replace(document);
    return self();
  }
}
