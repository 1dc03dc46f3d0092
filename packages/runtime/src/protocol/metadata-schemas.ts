import { z } from "zod";
import { isJsonObject, isJsonValue } from "./is-json-value.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { isSafeKey } from "./metadata-key.ts";

/** Any JSON value that may be stored. Checked by hand in one linear pass: `z.json()` costs more than the whole request. */
export const jsonValue = z
  .custom<JsonValue>(isJsonValue, "must be a JSON value")
  .meta({ id: "JsonValue", description: "Any JSON value, nested at most 64 deep." });

/** A metadata document. */
export const metadataDocument = z.custom<JsonObject>(isJsonObject, "must be a JSON object").meta({
  id: "MetadataDocument",
  type: "object",
  description: "A JSON object, 4,096 bytes as UTF-8 unless the server is configured otherwise.",
});

const key = z
  .string()
  .refine(isSafeKey, "is not an allowed metadata key")
  .describe("A key of the document, or with `$.` in front a JSON path: `$.steps.0.done`.");

/** The kinds of operations, each with more members. */
function operationWith<Members extends z.ZodRawShape>(members: Members) {
  return z.discriminatedUnion("type", [
    z.object({ type: z.literal("set"), key, value: jsonValue, ...members }),
    z.object({ type: z.literal("delete"), key, ...members }),
    z.object({ type: z.literal("append"), key, value: jsonValue, ...members }),
    z.object({ type: z.literal("remove"), key, value: jsonValue, ...members }),
    z.object({ type: z.literal("increment"), key, value: z.number(), ...members }),
    z.object({ type: z.literal("update"), value: metadataDocument, ...members }),
  ]);
}

/** One operation as it travels; members it does not know are dropped. */
export const operationSchema = operationWith({}).meta({
  id: "Operation",
  description:
    "One change of a document. `append` makes a list of what is there, `remove` drops all equal members of a list, `increment` counts what is no number as 0, `update` replaces the whole document.",
});

const operations = z.array(operationSchema).optional();

/** Body of `PUT /api/v1/runs/{runId}/metadata`. `operations`, even an empty list, wins over `metadata`. */
export const putMetadataBody = z.object({
  metadata: metadataDocument.optional(),
  operations,
  parentOperations: operations,
  rootOperations: operations,
});

/** Parsed {@link putMetadataBody}. */
export type PutMetadataBody = z.output<typeof putMetadataBody>;

const target = z.enum(["parent", "root"]);

/** Reply to a metadata update. The last two are ours; official clients ignore them. */
export const putMetadataReply = z.object({
  /** The document after the run's own operations. */
  metadata: metadataDocument,
  /** Targets whose operations were refused as a whole; the run's own operations went through. */
  refused: z.array(z.object({ target, message: z.string() })).optional(),
  /** Parent and root operations that changed nothing: their path leads nowhere. */
  ineffective: z.array(z.object({ target, key: z.string() })).optional(),
});

/** Query of `GET /api/v1/runs/{runId}/metadata/history`. */
export const metadataHistoryQuery = z.object({
  after: z.coerce
    .number("must be a version")
    .int("must be a version")
    .min(0, "must be a version")
    .optional()
    .describe("A `version` of an earlier answer: only what was written after it."),
});

const changeTime = z.string().meta({ format: "date-time" });
const version = z.number().int();

/** Reply to `GET /api/v1/runs/{runId}/metadata/history`. */
export const metadataHistoryReply = z.object({
  limitBytes: z.number().int().describe("Largest document of this server, in bytes."),
  base: z
    .object({ version, at: changeTime, document: metadataDocument })
    .optional()
    .describe("What the changes begin with; left out when only newer changes were asked for and are there."),
  changes: z.array(
    z.object({
      version: version.describe("Grows with each change; numbers may be left out."),
      at: changeTime,
      attempt: z.number().int().describe("The run's attempt then; 0 before the first."),
      operations: z.array(
        operationWith({ from: z.string().optional().describe("The child run that wrote it.") }),
      ),
    }),
  ),
});

/** Reply to `GET /api/v1/runs/{runId}/metadata`. */
export const getMetadataReply = z.object({ metadata: metadataDocument });
