import type { Clock } from "../clock.ts";
import { applyOperations } from "../protocol/apply-operation.ts";
import { cloneJson } from "../protocol/clone-json.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { Endpoint } from "./endpoint.ts";
import { interpretRead, interpretReply } from "./interpret-reply.ts";
import type { BatchOperations, ReadResult, SendOptions, SendResult, Target } from "./target.ts";

/** Where a document is that can only be read and replaced whole, and how. */
export interface ReplaceTargetOptions {
  /** Answers `GET` with an object that has the document as `metadata` (`null`: none). */
  readonly path: string;
  /** Replaces the document with that of its body, `{ "metadata": … }`, and answers like `GET`. */
  readonly method: "PUT" | "PATCH";
  /** Looked up for every request, so that a client configured later is used. */
  readonly endpoint: () => Endpoint;
  readonly clock: Clock;
  /** Largest document that the endpoint takes, in bytes. */
  readonly limitBytes: number;
  /** Changes when the endpoint's credentials change. */
  readonly credentials?: (() => string | undefined) | undefined;
}

/** What stands beside the document in a reply (a configuration, messages) is read too, and may be larger than it. */
const MAX_REPLY_BYTES = 8 * 1024 * 1024;

/**
 * A document at an endpoint that knows no operations. Each batch is applied here, to the document as it was last read or
 * stored, and the result replaces what is there. So it is for one writer: of two, the last one wins.
 *
 * A batch whose reply was lost is sent again with the same document, which changes nothing the second time: increments
 * stay exact. Where nothing could be read yet, nothing is sent either.
 */
export function createReplaceTarget(options: ReplaceTargetOptions): Target {
  const { path, clock } = options;
  /** What the endpoint holds, as far as is known; undefined until it was read. */
  let known: JsonObject | undefined;

  async function read({ timeoutMs, signal }: SendOptions): Promise<ReadResult> {
    const maxReplyBytes = MAX_REPLY_BYTES;
    const result = await options.endpoint().sendOnce("GET", path, { timeoutMs, signal, maxReplyBytes });
    const found = interpretRead(result, clock, documentOrNone);
    if (found.kind === "failed") return found;
    known = cloneJson(found.document);
    return { ...found, deduplicates: true };
  }

  return {
    mode: "operations",
    remoteOperations: false,
    limitBytes: options.limitBytes,
    spools: false,
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    encode: ({ operations }) => JSON.stringify({ operations }),
    decode: (body) => ({ ...operationsOf(body), parentOperations: [], rootOperations: [] }),
    read,
    async send(batch, { timeoutMs, signal }): Promise<SendResult> {
      if (known === undefined) {
        const found = await read({ timeoutMs, signal });
        if (found.kind === "failed") return unread(found);
      }
      const { document } = applyOperations(cloneJson(known ?? {}), operationsOf(batch.body).operations);
      const result = await options.endpoint().sendOnce(options.method, path, {
        timeoutMs,
        signal,
        body: JSON.stringify({ metadata: document }),
        maxReplyBytes: MAX_REPLY_BYTES,
      });
      const reply = interpretReply(result, clock, documentOrNone);
      if (reply.kind === "acknowledged") known = cloneJson(reply.document ?? document);
      // A replacement counts once however often it arrives.
      return reply.kind === "paused" ? reply : { ...reply, deduplicates: true };
    },
  };
}

function operationsOf(body: string): Pick<BatchOperations, "operations"> {
  // `encode` made it.
  return JSON.parse(body) as Pick<BatchOperations, "operations">;
}

/** `null` stands for no document. */
function documentOrNone(metadata: unknown): unknown {
  return metadata === null ? {} : metadata;
}

/** What is there is not known, so it cannot be replaced: not without losing it. */
function unread(found: Extract<ReadResult, { kind: "failed" }>): SendResult {
  const { status, message } = found;
  if (status === 401) return { kind: "paused", code: "UNAUTHORIZED", message };
  if (status !== undefined && found.definitive)
    return { kind: "refused", status, message, deduplicates: true };
  return {
    kind: "retry",
    reason: message,
    retryAfterMs: found.retryAfterMs,
    maybeApplied: false,
    deduplicates: true,
    cause: found.cause,
  };
}
