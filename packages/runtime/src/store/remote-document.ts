import { MetadataValueError } from "../errors.ts";
import { numberBytes } from "../protocol/byte-size.ts";
import { copyJson, lastCopyBytes } from "../protocol/copy-json.ts";
import { describeValue } from "../protocol/describe-value.ts";
import type { JsonValue } from "../protocol/json.ts";
import { assertSafeKey, isPathKey } from "../protocol/metadata-key.ts";
import { pathOfKey } from "../protocol/shown-path.ts";
import type { Outbox } from "./outbox.ts";
import { pathKey } from "./path-key.ts";

/**
 * The parent's or root's document, which is only known at the endpoint: writes are checked, queued and sent with the
 * run's own, in order. A path there must exist up to its last segment, or it has no effect.
 */
export class RemoteDocument {
  readonly #target: "parent" | "root";
  readonly #outbox: Outbox;
  readonly #limitBytes: number;

  /** @param limitBytes largest single value; the document's own limit is checked at the endpoint */
  constructor(target: "parent" | "root", outbox: Outbox, limitBytes: number) {
    this.#target = target;
    this.#outbox = outbox;
    this.#limitBytes = limitBytes;
  }

  set(key: string, value: unknown): void {
    const wire = wireKey(key);
    const copy = copyJson(value, key, this.#limitBytes);
    if (copy === undefined) return this.del(key);
    this.#write({ type: "set", key: wire, value: copy }, lastCopyBytes());
  }

  del(key: string): void {
    if (isPathKey(wireKey(key))) {
      throw new MetadataValueError(
        key,
        `a path cannot be deleted from the ${this.#target}: delete a top-level key, or set the path`,
      );
    }
    this.#write({ type: "delete", key }, 0);
  }

  append(key: string, value: unknown): void {
    const wire = wireKey(key);
    this.#write({ type: "append", key: wire, value: this.#copy(key, value) }, lastCopyBytes());
  }

  remove(key: string, value: unknown): void {
    const wire = wireKey(key);
    this.#write({ type: "remove", key: wire, value: this.#copy(key, value) }, lastCopyBytes());
  }

  increment(key: string, by: number): void {
    const wire = wireKey(key);
    if (typeof by !== "number" || !Number.isFinite(by)) {
      throw new MetadataValueError(
        pathOfKey(key),
        `the step of increment and decrement must be a finite number, got ${describeValue(by)}`,
      );
    }
    this.#write({ type: "increment", key: wire, value: by }, numberBytes(by));
  }

  replace(document: unknown): void {
    const copy = copyJson(document, undefined, this.#limitBytes);
    if (typeof copy !== "object" || copy === null || Array.isArray(copy)) {
      throw new MetadataValueError("$", `the document must be an object, got ${describeValue(document)}`);
    }
    this.#write({ type: "update", value: copy }, lastCopyBytes());
  }

  #copy(key: string, value: unknown): JsonValue {
    const copy = copyJson(value, key, this.#limitBytes);
    if (copy === undefined)
      throw new MetadataValueError(pathOfKey(key), "append and remove need a value, got undefined");
    return copy;
  }

  #write(operation: Parameters<Outbox["changedRemote"]>[1], valueBytes: number): void {
    if (this.#outbox.refuses(operation.type === "update" ? "" : operation.key, this.#target)) return;
    this.#outbox.changedRemote(this.#target, operation, valueBytes);
  }
}

function wireKey(key: string): string {
  if (typeof key !== "string")
    throw new MetadataValueError("$", `a key must be a string, got ${describeValue(key)}`);
  if (isPathKey(key)) return pathKey(key).wire;
  assertSafeKey(key);
  return key;
}
