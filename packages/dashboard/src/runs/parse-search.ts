import { isRunId } from "@runmeta/runtime/protocol";
import type { RunFilter } from "./run-filter.ts";

/** What was typed into the search field: a run to open, or a change of the filter. */
export type Search =
  | { readonly kind: "run"; readonly id: string }
  | { readonly kind: "filter"; readonly filter: RunFilter };

/** `run_…` opens that run, `#tag` and `key=value` filter by tag and metadata, everything else by task. */
export function parseSearch(text: string, filter: RunFilter): Search | undefined {
  const wanted = text.trim();
  if (wanted === "") return undefined;
  if (isRunId(wanted)) return { kind: "run", id: wanted };
  if (wanted.startsWith("#")) return { kind: "filter", filter: { ...filter, tag: wanted.slice(1) } };
  const equals = wanted.indexOf("=");
  if (equals > 0) {
    const key = wanted.slice(0, equals).trim();
    const value = wanted.slice(equals + 1).trim();
    const others = filter.metadata.filter((one) => one.key !== key);
    return { kind: "filter", filter: { ...filter, metadata: [...others, { key, value }] } };
  }
  return { kind: "filter", filter: { ...filter, task: wanted } };
}
