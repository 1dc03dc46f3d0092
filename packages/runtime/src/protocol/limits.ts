/**
 * Largest metadata document, in UTF-8 bytes of its JSON text, unless configured otherwise. Exactly this many are
 * allowed; more is refused (`MetadataSizeError` at the call, 413 at the server). Source: the API's documented limit.
 */
export const DEFAULT_MAXIMUM_SIZE_BYTES = 4096;

/** Name of the environment variable that changes {@link DEFAULT_MAXIMUM_SIZE_BYTES}; runtime and server read the same. */
export const MAXIMUM_SIZE_VARIABLE = "TASK_RUN_METADATA_MAXIMUM_SIZE";

/**
 * Deepest nesting of a value: `[[1]]` has depth 2. Recursive code on both sides relies on it, so that no document can
 * overflow a stack. Deeper values are refused at the call, deeper bodies with 400.
 */
export const MAX_DEPTH = 64;

/** Largest body of `PUT /api/v1/runs/{runId}/metadata`, in bytes: 2 MiB as the official server has it; above it 413. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** Largest body of a trigger call, in bytes: 3 MiB as the official server has it; above it 413. */
export const MAX_TRIGGER_BODY_BYTES = 3 * 1024 * 1024;

/** Largest body of `POST /api/v1/sessions` and `PATCH /api/v1/sessions/{session}`, in bytes. Source: the official API. */
export const MAX_SESSION_UPDATE_BYTES = 32 * 1024;

/** Largest metadata document of a session, in bytes: what is left of {@link MAX_SESSION_UPDATE_BYTES} beside `{"metadata":…}`. */
export const MAX_SESSION_DOCUMENT_BYTES = MAX_SESSION_UPDATE_BYTES - 13;

/** Longest tag, in characters, and most tags of one run. Source: the official API. */
export const MAX_TAG_LENGTH = 128;
/** Most tags of one run; one more is answered with 422. Source: the official API. */
export const MAX_TAGS = 10;

/** Names of machine presets that a trigger may ask for. Source: the official API. */
export const MACHINE_PRESETS = [
  "micro",
  "small-1x",
  "small-2x",
  "medium-1x",
  "medium-2x",
  "large-1x",
  "large-2x",
] as const;

/** Most runs in one batch. Source: the official API. */
export const MAX_BATCH_RUNS = 1000;

/** Longest `idempotencyKey` of a trigger call, in characters. Source: the official API. */
export const MAX_IDEMPOTENCY_KEY_LENGTH = 2048;

/**
 * Most array items and object members that one list of operations may add without carrying them: nulls in front of an
 * index past the end (`$.list.1000000`), and copies made by wildcards. A few bytes of operations could otherwise fill
 * the memory. 200,000 nulls are 1 MB of JSON; an operation that goes beyond is reported as unapplied.
 */
export const MAX_ADDED_ITEMS = 200_000;

/**
 * Reads a size limit as it stands in {@link MAXIMUM_SIZE_VARIABLE}.
 *
 * @param text value of the variable; undefined or blank means "not set"
 * @returns the limit in bytes ({@link DEFAULT_MAXIMUM_SIZE_BYTES} when not set), or undefined when the text is not a
 *   whole number of at least 2 (the empty document `{}` takes 2 bytes): the caller reports that in its own words
 */
export function resolveMaximumSize(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? "";
  if (trimmed === "") return DEFAULT_MAXIMUM_SIZE_BYTES;
  if (!/^[0-9]{1,15}$/.test(trimmed)) return undefined;
  const bytes = Number(trimmed);
  return bytes >= 2 ? bytes : undefined;
}
