import type { ApiClient } from "./api-client.ts";
import { pathSegment } from "./path-segment.ts";
import { pause } from "./pause.ts";
import { replyField, unreadableReply } from "./reply-field.ts";

/** An item of a batch that did not become a run. */
export interface BatchItemError {
  readonly index: number;
  readonly message: string;
}

/** A server may create the runs of a sealed batch later; so often and so long it is asked for them. */
const POLL_MS = 250;
const LONGEST_POLL_MS = 30_000;

function readErrors(processing: unknown): BatchItemError[] {
  if (typeof processing !== "object" || processing === null || !("errors" in processing)) return [];
  if (!Array.isArray(processing.errors)) return [];
  return processing.errors.map((entry: unknown) => {
    const fields = typeof entry === "object" && entry !== null ? Object.entries(entry) : [];
    const { index, error, message } = Object.fromEntries<unknown>(fields);
    return {
      index: typeof index === "number" ? index : -1,
      message: String(error ?? message ?? "not triggered"),
    };
  });
}

/**
 * The runs of a batch. Asks again while the server is still making them, for 30 s at most; then gives those it has.
 * @throws ApiError
 */
export async function retrieveBatch(
  client: ApiClient,
  batchId: string,
  options: { readonly runCount: number; readonly signal: AbortSignal | undefined },
): Promise<{
  readonly runs: readonly { readonly id: string }[];
  readonly errors: readonly BatchItemError[];
}> {
  const path = `/api/v2/batches/${pathSegment("the batch's id", batchId)}`;
  const giveUpAt = client.clock.now() + LONGEST_POLL_MS;
  for (;;) {
    const reply = await client.send("GET", path, { signal: options.signal });
    const ids = replyField(reply, "runs");
    if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string")) {
      throw unreadableReply(`GET ${path}`, reply, 'has no "runs" (a list of ids)');
    }
    const status = replyField(reply, "status");
    const errors = readErrors(replyField(reply, "processing"));
    const growing = status === "PENDING" || status === "PROCESSING";
    if (ids.length + errors.length >= options.runCount || !growing || client.clock.now() >= giveUpAt) {
      return { runs: ids.map((id: string) => ({ id })), errors };
    }
    await pause(client.clock, POLL_MS, options.signal);
  }
}
