/**
 * Request header that names a batch. The official SDK sends a UUID in it, once a call and again on retries; we send
 * {@link formatBatchKey}. A batch sent again is byte-identical and carries the same key.
 */
export const IDEMPOTENCY_KEY_HEADER = "x-trigger-request-idempotency-key";

/** Reply header of a server that applies a batch with a known key once; its value is `1`. Absent: it does not. */
export const DEDUPE_HEADER = "x-runmeta-dedupe";

/** A batch's name: who sent it, and which one of that sender's it is. */
export interface BatchKey {
  /** 1 to 64 letters, digits, `_` or `-`; unique to one opening of one run. */
  readonly publisher: string;
  /** Grows by one with each batch; below 10^15. */
  readonly sequence: number;
}

/** 15 digits stay below 2^53. */
const batchKeyPattern = /^([A-Za-z0-9_-]{1,64})\.(0|[1-9][0-9]{0,14})$/;

/** Writes `<publisher>.<sequence>`. */
export function formatBatchKey({ publisher, sequence }: BatchKey): string {
  return `${publisher}.${sequence}`;
}

/** Reads `<publisher>.<sequence>`; undefined for any other key, which then belongs to a foreign client. */
export function parseBatchKey(text: string): BatchKey | undefined {
  const match = batchKeyPattern.exec(text);
  const publisher = match?.[1];
  return publisher === undefined ? undefined : { publisher, sequence: Number(match?.[2]) };
}
