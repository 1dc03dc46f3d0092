import { z } from "zod";
import { metadataDocument } from "./metadata-schemas.ts";
import { isRecordId } from "./record-id.ts";

/** Databases refuse NUL and halves of surrogate pairs in a text. */
const storable = (text: string) => !/[\0\p{Surrogate}]/u.test(text);
const NOT_STORABLE = "must not contain NUL or lone surrogates";
const name = z.string().min(1).max(500).refine(storable, NOT_STORABLE);
const type = z.string().min(1).max(255).refine(storable, NOT_STORABLE);
const messages = z.array(metadataDocument).nullable();

/** Body of `POST /v1/records`, as the Runtype API has it; `id` is ours, for callers that name their records. */
export const createRecordBody = z.object({
  id: z.string().refine(isRecordId, "must be 1 to 255 printable characters").optional(),
  name,
  type,
  metadata: metadataDocument.default({}),
  messages: messages.default(null),
});

/** Body of `PUT /v1/records/{id}`: what is left out stays as it is. */
export const updateRecordBody = z.object({
  name: name.optional(),
  type: type.optional(),
  metadata: metadataDocument.optional(),
  messages: messages.optional(),
});

/** A record, in every reply. The last two are not always there at other servers. */
export const recordReply = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  metadata: metadataDocument,
  messages: z.array(z.unknown()).nullable(),
  userId: z.string(),
  organizationId: z.string().nullable(),
  productSurfaceId: z.string().nullable(),
  createdAt: z.string().meta({ format: "date-time" }),
  updatedAt: z.string().meta({ format: "date-time" }),
  metadataLabels: z.record(z.string(), z.string()).optional(),
  metadataSchema: z.record(z.string(), z.unknown()).optional(),
});

const pageSize = z.coerce.number().int().min(1).max(100);
/** Opaque to clients: the number of a record, which fits into 18 digits. */
const cursor = z.string().regex(/^\d{1,18}$/, "is not a cursor of this list");

/** Query of `GET /v1/records`, in the words of both APIs: Runtype's `limit` and `cursor` win. */
export const listRecordsQuery = z.object({
  type: z.string().refine(storable, NOT_STORABLE).optional().describe("The type, exactly."),
  name: z.string().refine(storable, NOT_STORABLE).optional().describe("The name, exactly."),
  limit: pageSize.optional().describe("Records on a page, as Runtype calls it."),
  cursor: cursor.optional().describe("The `pagination.nextCursor` of a page: what comes after it."),
  "page[size]": pageSize.default(20).describe("Records on a page; `limit` wins."),
  "page[after]": cursor.optional().describe("The `pagination.next` of a page; `cursor` wins."),
  "page[before]": cursor
    .optional()
    .describe("The `pagination.previous` of a page: what comes before it; wins over both."),
});

/**
 * Reply to `GET /v1/records`, newest first. Cursors are there under the names of both APIs: `next` and `previous` as in
 * the other lists, `nextCursor` and `prevCursor` as Runtype has them.
 */
export const listRecordsReply = z.object({
  data: z.array(recordReply),
  pagination: z.object({
    next: z.string().optional(),
    previous: z.string().optional(),
    nextCursor: z.string().nullish(),
    prevCursor: z.string().nullish(),
    hasMore: z.boolean().optional(),
    hasPrev: z.boolean().optional(),
    limit: z.number().optional(),
  }),
});

/** Reply to `DELETE /v1/records/{id}`. */
export const deleteRecordReply = z.object({ success: z.boolean() });
