import { createRequire } from "node:module";
import { JSONHeroPath } from "@jsonhero/path";
import type { JsonObject, Operation } from "../../src/protocol/index.ts";
import { cloneJson } from "../../src/protocol/index.ts";

// By file: no entry point of the package exports it.
export const { applyMetadataOperations } = createRequire(import.meta.url)(
  "../../node_modules/@trigger.dev/core/dist/commonjs/v3/runMetadata/operations.js",
) as {
  applyMetadataOperations(
    document: JsonObject,
    operations: Operation[],
  ): { newMetadata: JsonObject; unappliedOperations: Operation[] };
};

/** What became of a document, and the operations that did not fit it. */
export interface OfficialOutcome {
  readonly document: JsonObject;
  readonly unapplied: Operation[];
}

/** The official function on one operation, read back as JSON; a throw counts as "unapplied, nothing changed". */
export function official(document: JsonObject, operation: Operation): OfficialOutcome {
  // The library's slice expression keeps its position between parses; begin where a fresh process does.
  new JSONHeroPath("$.a");
  try {
    const outcome = applyMetadataOperations(document, [cloneJson(operation as never) as Operation]);
    return {
      document: JSON.parse(JSON.stringify(outcome.newMetadata)) as JsonObject,
      unapplied: outcome.unappliedOperations,
    };
  } catch {
    return { document, unapplied: [operation] };
  }
}

/** The official function on one operation after the other. */
export function officialFold(document: JsonObject, operations: readonly Operation[]): OfficialOutcome {
  const unapplied: Operation[] = [];
  let current = document;
  for (const operation of operations) {
    const outcome = official(current, operation);
    current = outcome.document;
    unapplied.push(...outcome.unapplied);
  }
  return { document: current, unapplied };
}
