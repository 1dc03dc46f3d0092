import { isSafeKey, simplePath } from "@runmeta/runtime/protocol";

/** How code names a place of a document. */
export interface MetadataPath {
  readonly text: string;
  /** False where `metadata.set` has no key that means this place; the text only shows it then. */
  readonly settable: boolean;
}

/**
 * The key that `metadata.set` takes for a place: `$.a.b.0`, or a top-level name as it is where a path would mean
 * something else by it (`"a.b"`).
 */
export function metadataPath(path: readonly (string | number)[]): MetadataPath {
  const key = `$.${path.join(".")}`;
  if (simplePath(key)?.length === path.length) return { text: key, settable: true };
  const [name] = path;
  if (path.length === 1 && typeof name === "string" && !name.startsWith("$.") && isSafeKey(name)) {
    return { text: name, settable: true };
  }
  return { text: `$${path.map(step).join("")}`, settable: false };
}

function step(name: string | number): string {
  if (typeof name === "number") return `[${name}]`;
  return /^[\w$-]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}
