const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Whether a JSON text nests objects and lists deeper than `maxDepth` (`[[1]]` has depth 2). A linear scan that skips
 * strings, allocates nothing and does not recurse: use it before `JSON.parse` and before any validator (S2). A text that is no
 * JSON gets some answer; parsing it fails afterwards.
 */
export function exceedsDepth(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index + 1);
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > maxDepth) return true;
    } else if (code === 0x5d || code === 0x7d) {
      depth--;
    }
  }
  return false;
}

/** The index of the quote that ends a string, or the text's length. */
function endOfString(text: string, start: number): number {
  // From quote to quote, since strings can be long; after an odd number of backslashes it is a character of the string.
  for (let quote = text.indexOf('"', start); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let before = quote;
    while (before > start && text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((quote - before) % 2 === 0) return quote;
  }
  return text.length;
}
