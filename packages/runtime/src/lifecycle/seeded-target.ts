import { formatBatchKey } from "../protocol/idempotency-key.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { ReadResult, SendOptions, SendResult, Target } from "../target/target.ts";

/** A target whose document could not be read when the run began. */
export interface SeededTarget extends Target {
  /** Sees to it that the document was started, also without a batch; undefined when it was. */
  seed(options: SendOptions): Promise<SendResult | undefined>;
}

/**
 * Starts a document with what the run was given, before the first batch and only where nothing is stored: what an
 * earlier attempt has stored under the same keys must not be overwritten because it could not be read at the time.
 */
export function createSeededTarget(
  target: Target,
  document: JsonObject,
  onRefused: (message: string) => void,
): SeededTarget {
  const publisher = crypto.randomUUID().replaceAll("-", "");
  const body = target.encode({
    operations: Object.entries(document).map(([key, value]) => ({ type: "set", key, value })),
    parentOperations: [],
    rootOperations: [],
    document: () => document,
  });
  const batch = { key: formatBatchKey({ publisher, sequence: 1 }), body };
  let started = false;

  async function seed(options: SendOptions): Promise<SendResult | undefined> {
    if (started) return undefined;
    const read = await readOrNothing(target, options);
    if (read?.kind === "failed" && !read.definitive) return notNow(read);
    if (read?.kind !== "document" || Object.keys(read.document).length === 0) {
      const result = await target.send(batch, options);
      if (result.kind === "retry" || result.kind === "paused") return result;
      if (result.kind === "refused") onRefused(result.message);
    }
    started = true;
    return undefined;
  }

  return {
    ...target,
    seed,
    send: async (next, options) => (await seed(options)) ?? target.send(next, options),
  };
}

/** A target that rejects breaks its contract and will go on doing so: what it is sent may still arrive. */
async function readOrNothing(target: Target, options: SendOptions): Promise<ReadResult | undefined> {
  try {
    return await target.read(options);
  } catch {
    return undefined;
  }
}

function notNow(read: {
  readonly status: number | undefined;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  readonly cause: unknown;
}): SendResult {
  if (read.status === 401) return { kind: "paused", code: "UNAUTHORIZED", message: read.message };
  return {
    kind: "retry",
    reason: read.message,
    retryAfterMs: read.retryAfterMs,
    maybeApplied: false,
    deduplicates: undefined,
    cause: read.cause,
  };
}
