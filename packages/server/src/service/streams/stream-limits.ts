/** Bytes of one chunk's JSON. */
export const MAX_CHUNK_BYTES = 1024 * 1024;
/** Bytes of a text that is appended by a request of its own. */
export const MAX_APPEND_BYTES = 512 * 1024;
/** What one stream holds; a writer beyond it is refused, what is stored stays. */
export const STREAM_LIMITS: StreamLimits = { maxChunks: 100_000, maxBytes: 64 * 1024 * 1024 };

export interface StreamLimits {
  readonly maxChunks: number;
  /** UTF-8 bytes of all chunks. */
  readonly maxBytes: number;
}

/** Streams of one run. */
export const MAX_STREAMS = 100;
/** Announcements carry the key, percent-encoded, and PostgreSQL bounds those. */
export const MAX_STREAM_KEY_LENGTH = 256;
