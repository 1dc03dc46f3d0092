import { MAX_IDEMPOTENCY_KEY_LENGTH } from "@runmeta/runtime/protocol";
import { runId } from "@runmeta/runtime/protocol/schemas";
import { z } from "zod";
import { MAX_STREAM_KEY_LENGTH } from "../service/streams/stream-limits.ts";

/** What stands for the parts of a path. A route with a new part adds it here; a test asks for the description. */
const PATH_PARAMETERS: Readonly<Record<string, z.ZodType>> = {
  runId: runId.describe("Id of the run."),
  taskId: z.string().max(128).describe("Id of the task, percent-encoded."),
  key: z.string().max(MAX_IDEMPOTENCY_KEY_LENGTH).describe("The idempotency key, percent-encoded."),
  target: z
    .enum(["self", "parent", "root"])
    .describe("Whose stream it is: the run's own, its parent's or its root's."),
  streamKey: z.string().max(MAX_STREAM_KEY_LENGTH).describe("The stream's key, percent-encoded."),
  session: z
    .string()
    .max(256)
    .describe("Id of the session, `session_…`, or its `externalId`, percent-encoded."),
  id: z.string().max(256).describe("Id of the record."),
  name: z.string().describe("Any name; clients send one such as `payload/1234.json`."),
  packetId: z.string().describe("Id of the upload, `packet_…`; part of `presignedUrl`."),
  batchId: z.string().describe("Id of the batch, `batch_…`."),
};

/** One name of a path template and what may stand there. */
export interface PathParameter {
  readonly name: string;
  readonly schema: z.ZodType;
}

/** A route's pattern as OpenAPI writes it, `/api/v3/runs/{runId}`, and its parameters. */
export function readPath(pattern: string): {
  readonly template: string;
  readonly parameters: readonly PathParameter[];
} {
  const parameters: PathParameter[] = [];
  const template = pattern.replace(/:(\w+)(?:\{[^}]*\})?/g, (_, name: string) => {
    parameters.push({ name, schema: PATH_PARAMETERS[name] ?? z.string() });
    return `{${name}}`;
  });
  return { template, parameters };
}
