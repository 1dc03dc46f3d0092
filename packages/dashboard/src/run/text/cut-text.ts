/** The beginning of a text, at most this many UTF-16 units, and never half of a surrogate pair. */
export function cutText(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : text.slice(0, cutBefore(text, maxLength));
}

/**
 * A text in blocks of at most `blockLength` units, cut at line feeds where there are any: a browser lays out blocks one
 * by one and leaves out those that nobody sees, but a line of a megabyte only as a whole.
 */
export function textBlocks(text: string, blockLength: number): string[] {
  const blocks: string[] = [];
  let from = 0;
  while (text.length - from > blockLength) {
    const lineFeed = text.lastIndexOf("\n", from + blockLength - 1);
    const to = lineFeed > from ? lineFeed : cutBefore(text, from + blockLength);
    blocks.push(text.slice(from, to));
    // The end of a block shows what the line feed would.
    from = to === lineFeed ? to + 1 : to;
  }
  blocks.push(text.slice(from));
  return blocks;
}

/** The index, or the one before where a surrogate pair stands around it. */
function cutBefore(text: string, index: number): number {
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  const inPair = before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
  return inPair ? index - 1 : index;
}
