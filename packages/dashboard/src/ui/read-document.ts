import { exceedsDepth, isJsonObject, type JsonObject, MAX_DEPTH } from "@runmeta/runtime/protocol";
import { placeOf, readJson, type WrongText, wrongText } from "./read-json.ts";

/** A text that was typed as a document: the document, or what is wrong with it. */
export type ReadDocument = { readonly ok: true; readonly document: JsonObject } | WrongText;

/** Reads a text as the server would take it. Linear; a correct text costs one `JSON.parse` and one look at its values. */
export function readDocument(text: string): ReadDocument {
  // What looks at a document is recursive.
  if (exceedsDepth(text, MAX_DEPTH)) return wrongText(`Nested deeper than ${MAX_DEPTH} levels`);
  if (text.trim() === "") return wrongText("Empty: the smallest document is {}", placeOf(text, 0));
  const read = readJson(text);
  if (!read.ok) return read;
  const { value } = read;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return wrongText("A document is an object: { … }", placeOf(text, 0));
  }
  if (!isJsonObject(value))
    return wrongText("Has a number out of range, or a key __proto__, which cannot be stored");
  return { ok: true, document: value };
}
