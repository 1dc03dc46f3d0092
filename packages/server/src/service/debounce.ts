import type { DebouncedRun, NewRun, RunSummary } from "../storage/storage.ts";
import { parseDurationSeconds } from "./duration.ts";
import { indexableKey } from "./indexable-key.ts";
import type { RunDependencies } from "./run-dependencies.ts";

/** The `debounce` option of a trigger. */
export interface DebounceOptions {
  /** Triggers of one task with the same key become one run. */
  readonly key: string;
  /** How long after the last of them the run is due; a duration. */
  readonly delay: string;
  /** Whose payload, metadata, tags and limits count: the first trigger's, or with `trailing` the last one's. */
  readonly mode?: "leading" | "trailing" | undefined;
  /** How long after the first of them the run is due at the latest; a duration. Without it a run can be put off for ever. */
  readonly maxDelay?: string | undefined;
}

/** What is wrong with the option, in words for the caller; undefined when nothing is. */
export function debounceFault(debounce: DebounceOptions): string | undefined {
  const delay = parseDurationSeconds(debounce.delay);
  if (delay === undefined || delay < 1) {
    return `Invalid debounce delay: ${debounce.delay}. It must be a duration of at least one second, such as 5s or 1m`;
  }
  if (debounce.maxDelay === undefined) return undefined;
  const maxDelay = parseDurationSeconds(debounce.maxDelay);
  if (maxDelay === undefined) {
    return `Invalid debounce maxDelay: ${debounce.maxDelay}. It must be a duration, such as 5m`;
  }
  if (maxDelay > delay) return undefined;
  return `debounce.maxDelay (${debounce.maxDelay}) must be longer than debounce.delay (${debounce.delay}): a run is only put off while it stays inside it`;
}

/**
 * Joins the run that waits with the key of `run`: puts it off, and with `trailing` gives it the new data. Undefined when
 * none waits, or when it would wait longer than `maxDelay`: it keeps its time then, and the key goes to the next run.
 */
export async function joinDebounced(
  run: NewRun,
  debounce: DebounceOptions,
  { storage, clock, changes }: RunDependencies,
): Promise<RunSummary | undefined> {
  const { environment, task } = run;
  const key = indexableKey(debounce.key);
  const delayUntil = clock.now().getTime() + milliseconds(debounce.delay);
  const waiting: DebouncedRun = {
    environment,
    task,
    key,
    delayUntil: new Date(delayUntil),
    createdAfter:
      debounce.maxDelay === undefined ? undefined : new Date(delayUntil - milliseconds(debounce.maxDelay)),
    update: debounce.mode === "trailing" ? run : undefined,
  };
  const joined = await storage.putOffRun(waiting);
  if (joined === undefined) await storage.releaseDebounceKey(environment, task, key);
  else changes.publish([joined.id]);
  return joined;
}

function milliseconds(duration: string): number {
  return (parseDurationSeconds(duration) ?? 0) * 1000;
}
