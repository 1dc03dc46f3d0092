import { isJsonObject, type JsonObject } from "@runmeta/runtime/protocol";
import { placeOf, readJson, type WrongText, wrongText } from "../ui/read-json.ts";

/** A record's messages as they were typed; an empty text is none. */
export function readMessages(
  text: string,
): { readonly ok: true; readonly messages: readonly JsonObject[] | null } | WrongText {
  if (text.trim() === "") return { ok: true, messages: null };
  const read = readJson(text);
  if (!read.ok) return read;
  if (Array.isArray(read.value) && read.value.every(isJsonObject)) return { ok: true, messages: read.value };
  return wrongText("Messages are a list of objects: [{ … }]", placeOf(text, 0));
}
