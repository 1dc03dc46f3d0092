import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Call } from "./call.ts";
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
  call: Pick<Call, "header" | "read">,
  limitBytes: number,
  status: 413 | 422 = 413,
): Promise<Uint8Array> {
  const tooLarge = () => tooLargeBody(status);
  const declared = call.header("content-length");
  if (declared !== undefined && Number(declared) > limitBytes) throw tooLarge();
  const encoding = call.header("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "gzip" && encoding !== "x-gzip") {
    throw new HttpError(415, `Content-Encoding ${printable(encoding)} is not supported, send gzip or none`);
  }
  const raw = await call.read(limitBytes);
  if (raw === undefined) throw tooLarge();
  return encoding === "identity" ? raw : await inflateWithin(raw, limitBytes, tooLarge);
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

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 40);
}
