import type { RunScope } from "../context/run-scope.ts";
import { copyJson } from "../protocol/copy-json.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { Operation } from "../protocol/operation.ts";

/** A write that was accepted, as the code made it: with its own key (`$.list[0]`), before anything was merged. */
export interface ObservedWrite {
  /** Whose document it goes to. A run without a parent or root is its own. */
  readonly target: "self" | "parent" | "root";
  readonly operation: Operation;
  /** The run's own document after it. */
  readonly document: JsonObject;
}

/** Told of each accepted write, inside the call that made it; must not throw. */
export type WriteListener = (write: ObservedWrite) => void;

type Written = RunScope["parent"];

const described: { readonly [K in keyof Written]: (...args: unknown[]) => Operation } = {
  set: (key, value) => {
    const copy = copyOf(value);
    return copy === undefined
      ? { type: "delete", key: String(key) }
      : { type: "set", key: String(key), value: copy };
  },
  del: (key) => ({ type: "delete", key: String(key) }),
  append: (key, value) => ({ type: "append", key: String(key), value: copyOf(value) ?? null }),
  remove: (key, value) => ({ type: "remove", key: String(key), value: copyOf(value) ?? null }),
  increment: (key, by) => ({ type: "increment", key: String(key), value: Number(by) }),
  replace: (document) => ({ type: "update", value: copyOf(document) as JsonObject }),
};

/**
 * Tells `listener` of every write that a run's documents accept. It takes the place of the methods of these very objects:
 * the classes know of no listener, so that a run without one pays nothing. Cost with one: a copy of the document a write.
 */
export function observeWrites(scope: RunScope, listener: WriteListener): void {
  const targets = new Map<Written, ObservedWrite["target"]>([[scope.store, "self"]]);
  if (!targets.has(scope.parent)) targets.set(scope.parent, "parent");
  if (!targets.has(scope.root)) targets.set(scope.root, "root");
  const { ledger } = scope.store.outbox;
  // A method may call another one: what the code called is the write.
  let inside = false;
  for (const [document, target] of targets) {
    for (const [name, describe] of Object.entries(described)) {
      const method = (document[name as keyof Written] as (...args: unknown[]) => void).bind(document);
      const observed = (...args: unknown[]) => {
        if (inside || scope.store.outbox.closed) return method(...args);
        const before = ledger.accepted;
        inside = true;
        try {
          method(...args);
        } finally {
          inside = false;
        }
        if (ledger.accepted === before) return;
        listener({ target, operation: describe(...args), document: scope.store.current() });
      };
      Object.defineProperty(document, name, { value: observed });
    }
  }
}

function copyOf(value: unknown): JsonValue | undefined {
  return copyJson(value, undefined, Number.POSITIVE_INFINITY);
}
