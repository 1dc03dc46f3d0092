import { cloneJson } from "./clone-json.ts";
import type { JsonObject } from "./json.ts";
import { MAX_ADDED_ITEMS, MAX_DEPTH } from "./limits.ts";
import { isPathKey, isSafeKey } from "./metadata-key.ts";
import type { Operation } from "./operation.ts";
import { applyPattern } from "./pattern-path.ts";
import { assignSegment, gapBefore, parentOf, readSegment, simplePath } from "./simple-path.ts";
import { appendOwned, incrementValue, missingValue, removeValue } from "./value-operations.ts";

/** Outcome of {@link applyOperations}. */
export interface AppliedOperations {
  /** The changed document: the one that was given, or another one after `update` and wildcards. */
  readonly document: JsonObject;
  /** Operations that do not apply: `remove` on what is no list, refused keys, paths the library cannot read. */
  readonly unapplied: Operation[];
}

/**
 * Applies operations in order, with the meaning of the official function: what its result is after each operation has
 * been written as JSON and read back (holes of lists are `null`; how operations are cut into requests cannot matter).
 * Where the official function throws, the operation is reported as unapplied and changes nothing; so is one whose path
 * has more than {@link MAX_DEPTH} segments or that adds more than {@link MAX_ADDED_ITEMS} items.
 *
 * Takes ownership of `document` and may change it; values of operations are copied in, never shared, so neither
 * document nor operations can be changed through the other. Cost: the values, not the document; a wildcard or a slice
 * costs the whole document.
 */
export function applyOperations(document: JsonObject, operations: readonly Operation[]): AppliedOperations {
  const application = new Application(document);
  for (const operation of operations) application.apply(operation);
  return application;
}

/** {@link applyOperations} for one operation. */
export function applyOperation(document: JsonObject, operation: Operation): AppliedOperations {
  return applyOperations(document, [operation]);
}

type KeyedOperation = Exclude<Operation, { type: "update" }>;

class Application implements AppliedOperations {
  document: JsonObject;
  readonly unapplied: Operation[] = [];
  /** What may still be added without being carried by an operation; see the constant. */
  #allowance = MAX_ADDED_ITEMS;

  constructor(document: JsonObject) {
    this.document = document;
  }

  apply(operation: Operation): void {
    if (operation.type === "update") {
      this.document = cloneJson(operation.value);
    } else if (!isSafeKey(operation.key) || !this.#change(operation)) {
      this.unapplied.push(operation);
    }
  }

  /** False when the operation does not apply. */
  #change(operation: KeyedOperation): boolean {
    // `delete` takes no path: `$.a` is the name of a top-level key there.
    if (operation.type === "delete") return delete this.document[operation.key];
    const { key } = operation;
    if (!isPathKey(key)) return changeMember(this.document, key, operation);
    const segments = simplePath(key);
    if (segments === undefined) return this.#changeByPattern(operation);
    if (segments.length > MAX_DEPTH) return false;
    const parent = parentOf(this.document, segments);
    // A write that finds no parent counts as applied; `remove` found no list.
    if (parent === undefined) return writesBlindly(operation.type);
    const last = segments.at(-1) ?? "";
    const gap = gapBefore(parent, last);
    if (gap > this.#allowance) return false;
    this.#allowance -= gap;
    return changeMember(parent, last, operation);
  }

  #changeByPattern(operation: Exclude<KeyedOperation, { type: "delete" }>): boolean {
    if (operation.key.split(".", MAX_DEPTH + 2).length > MAX_DEPTH + 1) return false;
    const result = applyPattern(this.document, operation, this.#allowance);
    if (result === undefined) return false;
    this.document = result.document;
    this.#allowance -= Math.max(0, result.added);
    return true;
  }
}

function changeMember(
  parent: Parameters<typeof readSegment>[0],
  name: string,
  operation: Exclude<KeyedOperation, { type: "delete" }>,
): boolean {
  switch (operation.type) {
    case "set":
      assignSegment(parent, name, cloneJson(operation.value));
      return true;
    case "increment":
      assignSegment(parent, name, incrementValue(readSegment(parent, name), operation.value));
      return true;
    case "append": {
      const existing =
        readSegment(parent, name) ?? (Array.isArray(parent) ? undefined : absent(parent, name));
      assignSegment(parent, name, appendOwned(existing, operation.value));
      return true;
    }
    case "remove": {
      const rest = removeValue(readSegment(parent, name), operation.value);
      if (rest === undefined) return false;
      assignSegment(parent, name, rest);
      return true;
    }
    default:
      // Only data that never passed the types comes here; the official function leaves unknown types unapplied.
      return false;
  }
}

function writesBlindly(type: KeyedOperation["type"]): boolean {
  return type === "set" || type === "append" || type === "increment";
}

/** What `append` finds where {@link readSegment} has no value: a stored null, or what the name inherits. */
function absent(parent: JsonObject, name: string): null | undefined {
  return Object.hasOwn(parent, name) ? null : missingValue(name);
}
