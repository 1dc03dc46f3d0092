/** A piece of a text: to be shown as it is, or the name of characters that nobody would see. */
export interface TextPiece {
  readonly kind: "text" | "invisible";
  readonly text: string;
}

/**
 * Characters without a look of their own: controls other than tab and line feed, soft hyphens, zero-width characters,
 * what turns the direction of what follows, tags, fillers, and halves of surrogate pairs.
 */
const INVISIBLE =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: single characters are what is looked for
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|\p{Surrogate}/u;
const INVISIBLE_RUN = new RegExp(`(${INVISIBLE.source})\\1*`, "gu");

/** Joins emoji and shapes letters of scripts that need it: where they do their work they are part of what is seen. */
const JOINER = /[\u200c\u200d]/;
const JOINED_BEFORE =
  /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Oriya}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Mongolian}\p{Script=Syriac}]\ufe0f?$/u;

/**
 * Cuts a text where characters stand that change it without being seen, and names those (`U+202E`, `U+200B ×12`).
 * Linear in the text; cut long texts first.
 */
export function visibleText(text: string): TextPiece[] {
  if (!INVISIBLE.test(text)) return text === "" ? [] : [{ kind: "text", text }];
  const pieces: TextPiece[] = [];
  let shownUpTo = 0;
  for (const match of text.matchAll(INVISIBLE_RUN)) {
    const [run, character = ""] = match;
    if (run.length === 1 && JOINER.test(run) && isJoining(text, match.index)) continue;
    if (match.index > shownUpTo) pieces.push({ kind: "text", text: text.slice(shownUpTo, match.index) });
    pieces.push({ kind: "invisible", text: nameOf(character, run.length / character.length) });
    shownUpTo = match.index + run.length;
  }
  if (shownUpTo < text.length) pieces.push({ kind: "text", text: text.slice(shownUpTo) });
  return pieces;
}

/** {@link visibleText} as one text, with names in angle brackets: for long texts, where pieces would be too many. */
export function visibleLine(text: string): string {
  if (!INVISIBLE.test(text)) return text;
  return visibleText(text)
    .map((piece) => (piece.kind === "text" ? piece.text : `⟨${piece.text}⟩`))
    .join("");
}

/**
 * A JSON text with these characters as escapes: it is read as the same value, and while one types in it nothing turns
 * around or hides.
 */
export function escapeInvisible(json: string): string {
  if (!INVISIBLE.test(json)) return json;
  return json.replace(INVISIBLE_RUN, (run, _character, index: number) =>
    run.length === 1 && JOINER.test(run) && isJoining(json, index)
      ? run
      : Array.from({ length: run.length }, (_, at) => escapeOf(run.charCodeAt(at))).join(""),
  );
}

function escapeOf(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

function isJoining(text: string, index: number): boolean {
  // A pair of surrogates before it is one character.
  return JOINED_BEFORE.test(text.slice(Math.max(0, index - 2), index)) && index + 1 < text.length;
}

function nameOf(character: string, count: number): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return count === 1 ? `U+${code}` : `U+${code} ×${count}`;
}
