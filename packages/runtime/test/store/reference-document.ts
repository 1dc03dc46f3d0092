import { isDeepStrictEqual } from "node:util";
import type { JsonObject, JsonValue } from "../../src/protocol/index.ts";

/** One call of the facade. */
export type Call =
  | { readonly call: "set" | "append" | "remove"; readonly key: string; readonly value: JsonValue }
  | { readonly call: "increment"; readonly key: string; readonly value: number }
  | { readonly call: "del"; readonly key: string }
  | { readonly call: "replace"; readonly value: JsonObject };

type Container = JsonObject | JsonValue[];

/**
 * What each call means to a plain document, written down a second time in the plainest way: no bytes, no operations,
 * nothing of the wire. Throws where the call must be refused.
 */
export function applyCall(document: JsonObject, call: Call): JsonObject {
  if (call.call === "replace") return structuredClone(call.value);
  const segments = call.key.startsWith("$.")
    ? call.key
        .slice(2)
        .replace(/\[(\d+)\]/g, ".$1")
        .split(".")
    : [call.key];
  const next = structuredClone(document);
  const value = "value" in call ? structuredClone(call.value) : undefined;
  const old = read(next, segments);
  switch (call.call) {
    case "set":
      write(next, segments, value as JsonValue);
      break;
    case "increment":
      write(next, segments, (typeof old === "number" ? old : 0) + call.value);
      break;
    case "append":
      write(
        next,
        segments,
        old === undefined
          ? [value as JsonValue]
          : Array.isArray(old)
            ? [...old, value as JsonValue]
            : [old, value as JsonValue],
      );
      break;
    case "remove":
      if (Array.isArray(old))
        write(
          next,
          segments,
          old.filter((item) => !isDeepStrictEqual(item, value)),
        );
      break;
    case "del":
      if (old !== undefined) remove(next, segments);
  }
  return next;
}

function member(container: Container, segment: string): JsonValue | undefined {
  if (Array.isArray(container)) return isIndex(segment) ? container[Number(segment)] : undefined;
  return Object.hasOwn(container, segment) ? container[segment] : undefined;
}

function isIndex(segment: string): boolean {
  return /^(0|[1-9]\d*)$/.test(segment);
}

function isContainer(value: JsonValue | undefined): value is Container {
  return typeof value === "object" && value !== null;
}

function read(document: JsonObject, segments: readonly string[]): JsonValue | undefined {
  let at: JsonValue | undefined = document;
  for (const segment of segments) at = isContainer(at) ? member(at, segment) : undefined;
  return at;
}

function assign(container: Container, segment: string, value: JsonValue): void {
  if (!Array.isArray(container)) {
    container[segment] = value;
    return;
  }
  if (!isIndex(segment)) throw new Error(`a list has no key ${segment}`);
  while (container.length < Number(segment)) container.push(null);
  container[Number(segment)] = value;
}

function write(document: JsonObject, segments: readonly string[], value: JsonValue): void {
  let at: Container = document;
  for (const [index, segment] of segments.slice(0, -1).entries()) {
    let next = member(at, segment);
    if (!isContainer(next)) {
      next = isIndex(segments[index + 1] ?? "") ? [] : {};
      assign(at, segment, next);
    }
    at = next;
  }
  assign(at, segments.at(-1) as string, value);
}

function remove(document: JsonObject, segments: readonly string[]): void {
  const parent = read(document, segments.slice(0, -1)) as Container;
  const last = segments.at(-1) as string;
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
}
