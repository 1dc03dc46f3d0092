import { applyOperations } from "../protocol/apply-operation.ts";
import { cloneJson } from "../protocol/clone-json.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { BatchOperations, Target } from "./target.ts";

/** A target whose document can be looked at. */
export interface MemoryTarget extends Target {
  /** A copy of what is stored. */
  document(): JsonObject;
}

/**
 * A document kept in this process only: for code that reports metadata where there is no endpoint, and for tests.
 * Parent and root operations have nowhere to go and are reported as ineffective.
 */
export function memoryTarget(initial: JsonObject = {}): MemoryTarget {
  let document = cloneJson(initial);
  return {
    mode: "operations",
    remoteOperations: false,
    encode: ({ operations }) => JSON.stringify({ operations }),
    decode: (body) => ({
      parentOperations: [],
      rootOperations: [],
      ...(JSON.parse(body) as Pick<BatchOperations, "operations">),
    }),
    send(batch) {
      const { operations } = JSON.parse(batch.body) as Pick<BatchOperations, "operations">;
      document = applyOperations(document, operations).document;
      return Promise.resolve({
        kind: "acknowledged",
        document: cloneJson(document),
        deduplicates: true,
        refused: [],
        ineffective: [],
        warning: undefined,
      });
    },
    read: () => Promise.resolve({ kind: "document", document: cloneJson(document), deduplicates: true }),
    document: () => cloneJson(document),
  };
}
