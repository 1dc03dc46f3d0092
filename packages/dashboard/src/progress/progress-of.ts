import type { JsonObject, JsonValue } from "@runmeta/runtime/protocol";

/** How far a run says it is. */
export interface ShownProgress {
  /** The top-level key it stands under. */
  readonly key: string;
  /** 0 to 100. */
  readonly percent: number;
  readonly done: number | undefined;
  readonly total: number | undefined;
  readonly ratePerSecond: number | undefined;
  /** Milliseconds to go; undefined when it cannot be told. */
  readonly etaMs: number | undefined;
  /** Where the number is that moves, and what it is when all is done. */
  readonly path: readonly string[];
  readonly goal: number;
}

/** More bars than this say nothing any more. */
const MAX_SHOWN = 8;

/**
 * The progress in a document: what stands under `progress` (a number from 0 to 1 or to 100, or the object that
 * `metadata.progress` keeps), or else the first such object under another key. Everything else is no progress.
 */
export function progressOf(metadata: JsonObject | undefined): ShownProgress | undefined {
  if (metadata === undefined) return undefined;
  if (Object.hasOwn(metadata, "progress")) {
    const value = metadata.progress;
    const own = fromNumber("progress", value) ?? fromObject("progress", value);
    if (own !== undefined) return own;
  }
  for (const key of Object.keys(metadata)) {
    const found = fromObject(key, metadata[key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** All of them: what stands under `progress` first, then each object that `metadata.progress` could have kept. */
export function allProgress(metadata: JsonObject): ShownProgress[] {
  const first = progressOf(metadata);
  if (first === undefined) return [];
  const found = [first];
  for (const key of Object.keys(metadata)) {
    const one = key === first.key ? undefined : fromObject(key, metadata[key]);
    if (one !== undefined && found.push(one) === MAX_SHOWN) break;
  }
  return found;
}

/** A whole 1 is all of it: nobody shows one per cent as 1 and a half as 0.5. */
function fromNumber(key: string, value: JsonValue | undefined): ShownProgress | undefined {
  if (typeof value !== "number" || value < 0 || value > 100) return undefined;
  const percent = value <= 1 ? value * 100 : value;
  return {
    key,
    percent,
    done: undefined,
    total: undefined,
    ratePerSecond: undefined,
    etaMs: undefined,
    path: [key],
    goal: value <= 1 ? 1 : 100,
  };
}

function fromObject(key: string, value: JsonValue | undefined): ShownProgress | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const done = numberIn(value, "done");
  const total = numberIn(value, "total");
  if (done === undefined || total === undefined || total < 0) return undefined;
  const share = total === 0 ? 100 : (done / total) * 100;
  const percent = Math.min(100, Math.max(0, numberIn(value, "percent") ?? share));
  return {
    key,
    percent,
    done,
    total,
    ratePerSecond: numberIn(value, "ratePerSecond"),
    etaMs: numberIn(value, "etaMs"),
    path: [key, "done"],
    goal: total,
  };
}

function numberIn(object: JsonObject, key: string): number | undefined {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === "number" ? value : undefined;
}
