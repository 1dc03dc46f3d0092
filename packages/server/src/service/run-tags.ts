import { MAX_TAGS } from "@runmeta/runtime/protocol";

/** Tags after an addition, or why it cannot be made. */
export type TagsResult =
  | { readonly ok: true; readonly tags: readonly string[]; readonly added: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** The tags of a run with `given` ones added: blank ones and repetitions are left out. */
export function newTags(
  existing: readonly string[],
  given: string | readonly string[] | undefined,
): TagsResult {
  const wanted = typeof given === "string" ? [given] : (given ?? []);
  const added = [...new Set(wanted)].filter((tag) => tag.trim() !== "" && !existing.includes(tag));
  const count = existing.length + added.length;
  if (count > MAX_TAGS) {
    const base = `Runs can only have ${MAX_TAGS} tags, you're trying to set ${count}.`;
    if (existing.length === 0) return { ok: false, message: base };
    const names = added.map((tag) => `'${tag}'`).join(", ");
    return { ok: false, message: `${base} These tags have not been set: ${names}.` };
  }
  return { ok: true, tags: [...existing, ...added], added };
}
