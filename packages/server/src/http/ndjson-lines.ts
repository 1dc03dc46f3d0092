import { bodyPieces } from "./call.ts";
import { HttpError } from "./http-error.ts";

const NEWLINE = 0x0a;

/**
 * The lines of a newline-delimited JSON body as they arrive, blank ones left out. Holds one line at a time, at most
 * `maxLineBytes`; the body as a whole may be of any length.
 *
 * @throws HttpError 413 for a longer line
 */
export async function* ndjsonLines(
  request: Request,
  maxLineBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const piece of bodyPieces(request)) {
    let from = 0;
    for (;;) {
      const end = piece.indexOf(NEWLINE, from);
      const part = piece.subarray(from, end === -1 ? undefined : end);
      heldBytes += part.byteLength;
      if (heldBytes > maxLineBytes)
        throw new HttpError(413, "Request body too large", { connection: "close" });
      held.push(part);
      if (end === -1) break;
      const line = Buffer.concat(held, heldBytes);
      held = [];
      heldBytes = 0;
      from = end + 1;
      if (!isBlank(line)) yield line;
    }
  }
  const last = Buffer.concat(held, heldBytes);
  if (!isBlank(last)) yield last;
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
