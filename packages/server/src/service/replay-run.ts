import type { RunRow } from "../storage/storage.ts";
import type { TriggerOptions, TriggerRequest } from "./trigger-request.ts";

/** What a replay may change of the run it repeats; all else of {@link replayRequest} stays. */
export interface ReplayOverrides {
  readonly payload?: unknown;
  readonly payloadType?: string | undefined;
  readonly metadata?: unknown;
  readonly tags?: string | readonly string[] | undefined;
  readonly queue?: string | undefined;
  readonly concurrencyKey?: string | number | undefined;
  readonly machine?: string | undefined;
  /** `latest` and none mean the version that is current. */
  readonly version?: string | undefined;
  readonly region?: string | undefined;
  readonly delay?: string | undefined;
  readonly ttl?: string | number | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly idempotencyKeyTTL?: string | undefined;
  readonly maxAttempts?: number | undefined;
  readonly maxDuration?: number | undefined;
  readonly priority?: number | undefined;
}

/**
 * The trigger that runs a task once more: same payload, tags, queue, concurrency key, machine and region, and the
 * metadata that the run was triggered with (not what it wrote). As in the official API the rest is not handed on: no
 * delay, ttl, attempts, priority, keys, and the new run has no parent.
 */
export function replayRequest(
  run: RunRow,
  overrides: ReplayOverrides,
  requestKey: string | undefined,
): TriggerRequest {
  const { payload, payloadType, version, queue = run.queue, ...given } = overrides;
  const options: TriggerOptions = {
    ...given,
    payloadType: payload === undefined ? run.payload.dataType : payloadType,
    metadata: given.metadata ?? JSON.parse(run.initialMetadata),
    tags: given.tags ?? run.tags,
    queue: queue === undefined ? undefined : { name: queue },
    concurrencyKey: given.concurrencyKey ?? run.concurrencyKey,
    machine: given.machine ?? run.machine,
    region: given.region ?? run.region,
    lockToVersion: version === "latest" ? undefined : version,
    test: run.isTest,
  };
  return {
    environment: run.environment,
    task: run.task,
    payload: payload === undefined ? storedPayload(run) : payload,
    options,
    requestKey,
  };
}

/** A packet's text stands for itself, except JSON, which a trigger takes as a value. */
function storedPayload(run: RunRow): unknown {
  const { data, dataType } = run.payload;
  return data !== undefined && dataType === "application/json" ? JSON.parse(data) : data;
}
