import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";

/** What is wrong with a text that was typed, and where. */
export interface WrongText {
  readonly ok: false;
  readonly message: string;
  readonly place: TextPlace | undefined;
}

/** A place in a text. */
export interface TextPlace {
  /** UTF-16 units before it. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** Reads JSON; what is none is told with its place. Linear; a correct text costs one `JSON.parse`. */
export function readJson(text: string): { readonly ok: true; readonly value: unknown } | WrongText {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // Browsers tell the place of an error each in its own words, some not at all.
    const errors: ParseError[] = [];
    parse(text, errors, { disallowComments: true });
    const [first] = errors;
    if (first === undefined) return wrongText("Not JSON");
    return wrongText(inWords(printParseErrorCode(first.error)), placeOf(text, first.offset));
  }
}

export function wrongText(message: string, place?: TextPlace): WrongText {
  return { ok: false, message, place };
}

export function placeOf(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  return { offset, line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** "CommaExpected" -> "Comma expected". */
function inWords(code: string): string {
  const words = code.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
