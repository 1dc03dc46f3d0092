import { exceedsDepth, isJsonObject, type JsonObject, jsonBytes, MAX_DEPTH } from "@runmeta/runtime/protocol";
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";

/** A text that was typed as a document: the document and its bytes as they are counted, or what is wrong with it. */
export type ReadDocument =
  | { readonly ok: true; readonly document: JsonObject; readonly bytes: number }
  | { readonly ok: false; readonly message: string; readonly place: TextPlace | undefined };

/** A place in a text. */
export interface TextPlace {
  /** UTF-16 units before it. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** Reads a text as the server would take it. Linear; a correct text costs one `JSON.parse` and one count. */
export function readDocument(text: string): ReadDocument {
  // What counts the bytes is recursive.
  if (exceedsDepth(text, MAX_DEPTH)) return wrong(`Nested deeper than ${MAX_DEPTH} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return notJson(text);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return wrong("A document is an object: { … }", placeOf(text, 0));
  }
  if (!isJsonObject(value))
    return wrong("Has a number out of range, or a key __proto__, which cannot be stored");
  return { ok: true, document: value, bytes: jsonBytes(value) };
}

/** Browsers tell the place of an error each in its own words, some not at all. */
function notJson(text: string): ReadDocument {
  if (text.trim() === "") return wrong("Empty: the smallest document is {}", placeOf(text, 0));
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true });
  const [first] = errors;
  if (first === undefined) return wrong("Not JSON");
  return wrong(inWords(printParseErrorCode(first.error)), placeOf(text, first.offset));
}

function wrong(message: string, place?: TextPlace): ReadDocument {
  return { ok: false, message, place };
}

function placeOf(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  return { offset, line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** "CommaExpected" -> "Comma expected". */
function inWords(code: string): string {
  const words = code.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
