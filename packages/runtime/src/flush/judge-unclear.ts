import { applyOperations } from "../protocol/apply-operation.ts";
import { cloneJson } from "../protocol/clone-json.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { Operation } from "../protocol/operation.ts";
import { readSegment } from "../protocol/simple-path.ts";
import { deepEqual } from "../protocol/value-operations.ts";

/**
 * Whether a batch whose reply was lost was applied, told from the document that the endpoint has now (F4). Only keys
 * whose value the batch changes say anything; others may be changed by other writers.
 *
 * @returns "unclear" when those keys are neither all as before nor all as after the batch
 */
export function judgeUnclear(
  acknowledged: JsonObject,
  stored: JsonObject,
  operations: readonly Operation[],
): "applied" | "not-applied" | "unclear" {
  const expected = applyOperations(cloneJson(acknowledged), operations).document;
  let before = true;
  let after = true;
  let telling = false;
  for (const key of new Set([...Object.keys(acknowledged), ...Object.keys(expected)])) {
    const [was, is, becomes] = [acknowledged, stored, expected].map((from) => readSegment(from, key));
    if (same(was, becomes)) continue;
    telling = true;
    before &&= same(is, was);
    after &&= same(is, becomes);
  }
  if (!telling || before === after) return "unclear";
  return after ? "applied" : "not-applied";
}

function same(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return deepEqual(a, b);
}
