import { checkedMetadata } from "./checked-metadata.ts";
import { resolveIdempotencyKey } from "./idempotency-keys.ts";
import { encodePacket } from "./packet.ts";
import type { TriggerOptions } from "./trigger-options.ts";

/** What a replayed run has other than the first one; what is left out stays as it was. */
export interface ReplayRunOptions
  extends Pick<
    TriggerOptions,
    | "metadata"
    | "tags"
    | "concurrencyKey"
    | "machine"
    | "version"
    | "region"
    | "delay"
    | "ttl"
    | "idempotencyKey"
    | "idempotencyKeyTTL"
    | "maxAttempts"
    | "maxDuration"
    | "priority"
  > {
  /** Undefined leaves the payload as it was. */
  readonly payload?: unknown;
  readonly queue?: string | undefined;
}

/**
 * The options as they travel; undefined when there are none.
 * @throws MetadataValueError, MetadataSizeError, PacketError, ConfigError
 */
export async function replayBody(
  options: ReplayRunOptions,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { payload, idempotencyKey, ...rest } = options;
  const metadata = checkedMetadata(options.metadata);
  const [packet, key] = await Promise.all([encodePacket(payload), resolveIdempotencyKey(idempotencyKey)]);
  const given = Object.entries({
    ...rest,
    metadata,
    idempotencyKey: key?.hash,
    payload: packet.data,
    // A text travels as a JSON value, the way the API takes it.
    payloadType: packet.dataType === "application/super+json" ? packet.dataType : undefined,
  }).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
