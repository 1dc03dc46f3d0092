import {
  cloneJson,
  type JsonObject,
  type JsonValue,
  type Operation,
  rootOf,
} from "@runmeta/runtime/protocol";
import { applyChange, type RunHistory } from "./run-history.ts";

/** From `atMs` on the value was this, until the next one; undefined while it was no number. */
export interface Sample {
  readonly atMs: number;
  readonly value: number | undefined;
}

/** A place of a document, and what to call it. */
export interface Place {
  readonly id: string;
  readonly path: readonly (string | number)[];
}

/**
 * How the numbers at some places changed, by the places' ids; a place that never had a number is left out. Cost: one
 * pass over the history that looks only at the top-level names which the places are under.
 */
export function numericSeries(history: RunHistory, places: readonly Place[]): Map<string, Sample[]> {
  const byRoot = new Map<string, Place[]>();
  for (const place of places) {
    const root = String(place.path[0]);
    byRoot.set(root, [...(byRoot.get(root) ?? []), place]);
  }
  const wanted: readonly Operation[][] = history.changes.map((change) =>
    change.operations.filter((operation) => rootsOf(operation, byRoot).length > 0),
  );
  // A wildcard takes what it finds first, which may stand under a name that nobody asked for.
  const whole = wanted.some((operations) => operations.some(isPattern));
  let document = whole ? cloneJson(history.base.document) : pick(history.base.document, byRoot);
  const series = new Map(places.map((place): [string, Sample[]] => [place.id, []]));
  const take = (roots: Iterable<string>, at: string) => {
    for (const root of roots) {
      for (const { id, path } of byRoot.get(root) ?? [])
        record(series.get(id) ?? [], at, valueAt(document, path));
    }
  };
  take(byRoot.keys(), history.base.at);
  history.changes.forEach((change, index) => {
    const operations = whole ? change.operations : (wanted[index] ?? []).map((one) => narrowed(one, byRoot));
    if (operations.length === 0) return;
    document = applyChange(document, operations);
    take(new Set(operations.flatMap((one) => rootsOf(one, byRoot))), change.at);
  });
  return new Map([...series].filter(([, samples]) => samples.some((sample) => sample.value !== undefined)));
}

type ByRoot = ReadonlyMap<string, unknown>;

/** The wanted top-level names that an operation may touch. */
function rootsOf(operation: Operation, byRoot: ByRoot): string[] {
  if (operation.type === "update") return [...byRoot.keys()];
  const root = operation.type === "delete" ? operation.key : rootOf(operation.key);
  if (root === undefined) return [...byRoot.keys()];
  return byRoot.has(root) ? [root] : [];
}

function isPattern(operation: Operation): boolean {
  return operation.type !== "update" && operation.type !== "delete" && rootOf(operation.key) === undefined;
}

function narrowed(operation: Operation, byRoot: ByRoot): Operation {
  return operation.type === "update" ? { type: "update", value: pick(operation.value, byRoot) } : operation;
}

/** A copy of the members with these names. */
function pick(document: JsonObject, byRoot: ByRoot): JsonObject {
  const picked: JsonObject = {};
  for (const name of byRoot.keys()) {
    const value = Object.hasOwn(document, name) ? document[name] : undefined;
    if (value !== undefined) picked[name] = cloneJson(value);
  }
  return picked;
}

function valueAt(document: JsonObject, path: readonly (string | number)[]): JsonValue | undefined {
  let value: JsonValue | undefined = document;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}

function record(samples: Sample[], at: string, found: JsonValue | undefined): void {
  const value = typeof found === "number" ? found : undefined;
  const last = samples.at(-1);
  if (last === undefined ? value === undefined : last.value === value) return;
  samples.push({ atMs: Date.parse(at), value });
}
