import { currentScope } from "../context/context-storage.ts";
import { checkedMetadata } from "./checked-metadata.ts";
import { resolveIdempotencyKey } from "./idempotency-keys.ts";
import { encodePacket } from "./packet.ts";
import type { TriggerOptions } from "./trigger-options.ts";

/** `payload` and `options` of one triggered run, as they travel. */
export interface TriggerBody {
  readonly payload: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Checks everything that can be wrong about a trigger and writes it down; nothing is sent.
 * @throws MetadataValueError, MetadataSizeError, PacketError, ConfigError
 */
export async function triggerBody(
  payload: unknown,
  options: TriggerOptions,
  wait: { readonly resumeParentOnCompletion: boolean },
): Promise<TriggerBody> {
  // First, and before any await: what the caller changes afterwards is not sent.
  const metadata = checkedMetadata(options.metadata);
  const [packet, key] = await Promise.all([
    encodePacket(payload),
    resolveIdempotencyKey(options.idempotencyKey),
  ]);
  return {
    payload: packet.data,
    options: {
      payloadType: packet.dataType,
      metadata,
      tags: options.tags,
      idempotencyKey: key?.hash,
      idempotencyKeyOptions: key?.origin,
      idempotencyKeyTTL: options.idempotencyKeyTTL,
      delay: options.delay,
      ttl: options.ttl,
      maxAttempts: options.maxAttempts,
      maxDuration: options.maxDuration,
      queue: typeof options.queue === "string" ? { name: options.queue } : options.queue,
      concurrencyKey: options.concurrencyKey,
      priority: options.priority,
      machine: options.machine,
      region: options.region,
      lockToVersion: options.version,
      test: options.test,
      debounce: options.debounce,
      parentRunId: currentScope()?.id,
      resumeParentOnCompletion: wait.resumeParentOnCompletion ? true : undefined,
    },
  };
}
