import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { HttpError } from "./http-error.ts";

const inflate = promisify(gunzip);

/**
 * Reads a request's body, never holding more than `limitBytes` of it: first the declared length is compared, then the
 * bytes that really come are counted (a chunked body declares none, and a declared length may lie). A gzip body is
 * inflated under the same limit.
 *
 * @throws HttpError `status` too large · 415 an encoding other than gzip · 400 a gzip body that is broken, or cut short
 */
export async function readBody(
  request: Request,
  limitBytes: number,
  incoming?: IncomingMessage,
  status: 413 | 422 = 413,
): Promise<Uint8Array> {
  const tooLarge = () => tooLargeBody(status);
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limitBytes) throw tooLarge();
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "gzip" && encoding !== "x-gzip") {
    throw new HttpError(415, `Content-Encoding ${printable(encoding)} is not supported, send gzip or none`);
  }
  const raw = await readRaw(request, limitBytes, incoming, tooLarge);
  return encoding === "identity" ? raw : await inflateWithin(raw, limitBytes, tooLarge);
}

/** The pieces of a body as they come, for routes that work on them one by one; the caller counts. */
export async function* bodyPieces(request: Request): AsyncGenerator<Uint8Array, void, undefined> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await readPiece(reader);
      if (done) {
        finished = true;
        return;
      }
      yield value;
    }
  } finally {
    // Not awaited: a cancelled upload may never acknowledge it, and nobody waits for the rest.
    if (!finished) reader.cancel().catch(() => undefined);
  }
}

async function readRaw(
  request: Request,
  limitBytes: number,
  incoming: IncomingMessage | undefined,
  tooLarge: () => HttpError,
): Promise<Uint8Array> {
  // Node's parser never delivers more than a declared length, and the short cut saves a web stream per request.
  if (
    incoming?.headers["content-length"] !== undefined &&
    incoming.headers["transfer-encoding"] === undefined
  ) {
    try {
      return new Uint8Array(await request.arrayBuffer());
    } catch (cause) {
      throw new EarlyEnd(cause);
    }
  }
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bodyPieces(request)) {
    length += piece.byteLength;
    if (length > limitBytes) throw tooLarge();
    pieces.push(piece);
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, length);
}

async function readPiece(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (cause) {
    throw new EarlyEnd(cause);
  }
}

async function inflateWithin(
  raw: Uint8Array,
  limitBytes: number,
  tooLarge: () => HttpError,
): Promise<Uint8Array> {
  try {
    return await inflate(raw, { maxOutputLength: limitBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge();
    throw new HttpError(400, "Request body is not valid gzip");
  }
}

function tooLargeBody(status: 413 | 422): HttpError {
  // The rest of the body is not wanted: without `close` a keep-alive client would go on sending it.
  return new HttpError(status, "Request body too large", { connection: "close" });
}

/** A body that ended before its end: the client went away, or its connection broke. */
export class EarlyEnd extends HttpError {
  override name = "EarlyEnd";

  constructor(cause: unknown) {
    super(400, "Request body ended early");
    this.cause = cause;
  }
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 40);
}
