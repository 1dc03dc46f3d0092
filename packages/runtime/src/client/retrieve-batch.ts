import { type CallOptions, callApi } from "./call-options.ts";
import { parseReply } from "./parse-reply.ts";
import { pathSegment } from "./path-segment.ts";
import { readDate } from "./run-dates.ts";

/** A batch as it is now. */
export interface RetrievedBatch {
  readonly id: string;
  readonly status: "PENDING" | "PROCESSING" | "COMPLETED" | "PARTIAL_FAILED" | "ABORTED";
  readonly idempotencyKey?: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Items in the batch. */
  readonly runCount: number;
  /** Ids of the runs, in the order of the items. */
  readonly runs: readonly string[];
  readonly processing: {
    readonly completedAt?: Date | undefined;
    /** Items that could not be triggered. */
    readonly errors: readonly unknown[];
  };
}

/** Reads a batch. @throws ApiError */
export async function retrieveBatchById(batchId: string, call?: CallOptions): Promise<RetrievedBatch> {
  const path = `/api/v2/batches/${pathSegment("the batch's id", batchId)}`;
  const reply = await callApi("GET", path, {}, call);
  return parseReply(
    `GET ${path}`,
    reply,
    (schemas) => schemas.retrieveBatchReply,
    ({ processing, ...batch }) => ({
      ...batch,
      createdAt: readDate("createdAt", batch.createdAt),
      updatedAt: readDate("updatedAt", batch.updatedAt),
      processing: {
        errors: processing.errors,
        ...(processing.completedAt === undefined
          ? {}
          : { completedAt: readDate("processing.completedAt", processing.completedAt) }),
      },
    }),
  );
}
