import type { JsonObject } from "@runmeta/runtime/protocol";
import type { LeafFilter } from "./leaf-filter.ts";
import { storedName } from "./stored-text.ts";

/** Leaves of one document that it is found by; further ones are not looked for. */
const MAX_LEAVES = 64;

/** Characters of a term. Longer ones are cut, and the document itself tells whether the rest is equal too. */
const MAX_TERM_LENGTH = 256;

/** What a document is found by, each once; nothing of what is in lists. */
export function documentTerms(metadata: string): string[] {
  const terms = new Set<string>();
  let count = 0;
  for (const leaf of leavesOf(JSON.parse(metadata) as JsonObject, "")) {
    if (count === MAX_LEAVES) break;
    count += 1;
    terms.add(leafTerm(leaf));
  }
  return [...terms];
}

/** A leaf as one text that a database can hold. Two leaves can share a term, so what is found is looked at again. */
export function leafTerm({ path, value }: LeafFilter): string {
  return storedName(`${path}=${value}`.slice(0, MAX_TERM_LENGTH));
}

/** Whether a document meets all conditions. */
export function matchesLeaves(metadata: string, filters: readonly LeafFilter[]): boolean {
  const leaves = [...leavesOf(JSON.parse(metadata) as JsonObject, "")];
  return filters.every((filter) =>
    leaves.some((leaf) => leaf.path === filter.path && leaf.value === filter.value),
  );
}

/** Scalars in the order in which they stand. */
function* leavesOf(object: JsonObject, prefix: string): Generator<LeafFilter> {
  for (const [key, value] of Object.entries(object)) {
    const path = `${prefix}${key}`;
    if (typeof value !== "object" || value === null) yield { path, value: String(value) };
    else if (!Array.isArray(value)) yield* leavesOf(value, `${path}.`);
  }
}
