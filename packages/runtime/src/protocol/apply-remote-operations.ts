import { applyOperation, applyOperations } from "./apply-operation.ts";
import type { JsonObject } from "./json.ts";
import type { Operation } from "./operation.ts";
import { parentOf, simplePath } from "./simple-path.ts";

/**
 * `applyOperations` for a document that the writer of the operations has not seen: `unapplied` also names those that by
 * the official rules count as applied and change nothing, since their path leads nowhere. Whoever wrote them cannot see
 * that and is told in the answer. Cost: an operation with a wildcard prints the document twice.
 */
export function applyRemoteOperations(
  document: JsonObject,
  operations: readonly Operation[],
): { document: JsonObject; unapplied: readonly Operation[] } {
  if (!operations.some(isPathOperation)) return applyOperations(document, operations);
  const unapplied: Operation[] = [];
  let current = document;
  for (const operation of operations) {
    const hasEffect = effectProbe(current, operation);
    const result = applyOperation(current, operation);
    current = result.document;
    if (result.unapplied.length > 0 || !hasEffect(current)) unapplied.push(operation);
  }
  return { document: current, unapplied };
}

/** Looks at the document before the operation; what it gives back looks at the one after it. */
function effectProbe(before: JsonObject, operation: Operation): (after: JsonObject) => boolean {
  if (!isPathOperation(operation)) return () => true;
  const segments = simplePath(operation.key);
  if (segments !== undefined) {
    const reached = parentOf(before, segments) !== undefined;
    return () => reached;
  }
  const text = JSON.stringify(before);
  return (after) => JSON.stringify(after) !== text;
}

function isPathOperation(
  operation: Operation,
): operation is Exclude<Operation, { type: "update" | "delete" }> {
  return operation.type !== "update" && operation.type !== "delete" && operation.key.startsWith("$.");
}
