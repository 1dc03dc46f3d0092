import type { JsonObject } from "@runmeta/runtime/protocol";
import type { RunSummary } from "../storage/storage.ts";
import type { DebounceOptions } from "./debounce.ts";

/** What a caller asks for when it triggers a task; the routes make it from a checked body. */
export interface TriggerRequest {
  readonly environment: string;
  readonly task: string;
  readonly payload?: unknown;
  readonly options?: TriggerOptions | undefined;
  /** The same for each HTTP attempt of one call: an attempt whose reply was lost finds its run again. */
  readonly requestKey?: string | undefined;
  /** Names the token of the caller when it is good for one run. */
  readonly oneTimeToken?: string | undefined;
}

/** The options of a trigger that have an effect here; others are accepted and ignored. */
export interface TriggerOptions {
  readonly payloadType?: string | undefined;
  readonly metadata?: unknown;
  readonly metadataType?: string | undefined;
  readonly tags?: string | readonly string[] | undefined;
  readonly idempotencyKey?: string | undefined;
  /** A duration such as `30d`, the default. */
  readonly idempotencyKeyTTL?: string | undefined;
  readonly idempotencyKeyOptions?: JsonObject | undefined;
  readonly parentRunId?: string | undefined;
  readonly resumeParentOnCompletion?: boolean | undefined;
  /** A duration, or a date. */
  readonly delay?: string | Date | undefined;
  /** A duration, or seconds. */
  readonly ttl?: string | number | undefined;
  readonly test?: boolean | undefined;
  readonly queue?: { readonly name: string } | undefined;
  readonly concurrencyKey?: string | number | undefined;
  readonly priority?: number | undefined;
  readonly maxAttempts?: number | undefined;
  /** Seconds. */
  readonly maxDuration?: number | undefined;
  readonly machine?: string | undefined;
  readonly lockToVersion?: string | undefined;
  readonly region?: string | undefined;
  readonly debounce?: DebounceOptions | undefined;
}

/** `isCached` is true when an idempotency key found an earlier run. */
export type TriggerResult =
  | { readonly ok: true; readonly run: RunSummary; readonly isCached: boolean }
  | TriggerRefusal;

/** Why nothing was triggered. */
export interface TriggerRefusal {
  readonly ok: false;
  readonly reason: "task-not-found" | "invalid-metadata" | "metadata-too-large" | "unprocessable";
  readonly message: string;
}
