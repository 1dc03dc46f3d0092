import { isJsonObject, type JsonObject } from "@runmeta/runtime/protocol";

/** A document that was typed, or why it is none. */
export type ParsedDocument =
  | { readonly ok: true; readonly document: JsonObject }
  | { readonly ok: false; readonly problem: string };

/** Reads a document as the server will: a JSON object, nested at most 64 deep. */
export function parseDocument(text: string): ParsedDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: `This is no JSON: ${(error as Error).message}` };
  }
  if (isJsonObject(value)) return { ok: true, document: value };
  return { ok: false, problem: "A document is a JSON object, { … }, nested at most 64 deep." };
}
