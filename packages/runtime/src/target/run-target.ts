import type { Clock } from "../clock.ts";
import { IDEMPOTENCY_KEY_HEADER } from "../protocol/idempotency-key.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { Endpoint } from "./endpoint.ts";
import { interpretRead, interpretReply } from "./interpret-reply.ts";
import type { BatchOperations, Target } from "./target.ts";

/** Which run's document a target keeps, and how it gets there. */
export interface RunTargetOptions {
  readonly runId: string;
  /** Looked up for every request, so that a client configured later is used. */
  readonly endpoint: () => Endpoint;
  readonly clock: Clock;
  /** Largest document, in bytes; replies are read up to twice that, or 1 MB. */
  readonly limitBytes: number;
  /**
   * `replace` sends only the whole document, for endpoints that know no operations: last writer wins, and parent and
   * root writes cannot be delivered.
   * @default "operations"
   */
  readonly mode?: "operations" | "replace" | undefined;
  /** Changes when the endpoint's credentials change. */
  readonly credentials?: (() => string | undefined) | undefined;
}

/** A run's document, at `PUT /api/v1/runs/{runId}/metadata`. */
export function createRunTarget(options: RunTargetOptions): Target {
  const path = `/api/v1/runs/${encodeURIComponent(options.runId)}/metadata`;
  const maxReplyBytes = Math.max(1_000_000, options.limitBytes * 2);
  const mode = options.mode ?? "operations";
  return {
    mode,
    remoteOperations: mode === "operations",
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    encode(content) {
      if (mode === "replace") return JSON.stringify({ metadata: content.document() });
      const { operations, parentOperations, rootOperations } = content;
      return JSON.stringify({ operations, parentOperations, rootOperations });
    },
    decode(body): BatchOperations {
      const parsed = JSON.parse(body) as BatchOperations & { metadata?: JsonObject };
      if (parsed.metadata === undefined) return parsed;
      return {
        operations: [{ type: "update", value: parsed.metadata }],
        parentOperations: [],
        rootOperations: [],
      };
    },
    async send(batch, { timeoutMs, signal }) {
      const headers = { [IDEMPOTENCY_KEY_HEADER]: batch.key };
      const result = await options
        .endpoint()
        .sendOnce("PUT", path, { body: batch.body, headers, timeoutMs, signal, maxReplyBytes });
      return interpretReply(result, options.clock);
    },
    async read({ timeoutMs, signal }) {
      const result = await options.endpoint().sendOnce("GET", path, { timeoutMs, signal, maxReplyBytes });
      return interpretRead(result, options.clock);
    },
  };
}
