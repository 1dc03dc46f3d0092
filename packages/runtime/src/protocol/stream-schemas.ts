import { z } from "zod";

/** Reply to `PUT /realtime/v1/streams/{runId}/{target}/{streamKey}`: how the stream is to be written. */
export const createStreamReply = z.object({ version: z.literal("v1") });

/** Reply to a text that was appended. */
export const appendToStreamReply = z.object({ ok: z.literal(true) });

/** How far a writer of a stream is; -1: nothing is stored of it. */
export const streamProgressReply = z.object({ lastChunkIndex: z.int().min(-1) });
