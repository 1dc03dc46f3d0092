import { MAX_BODY_BYTES } from "../protocol/limits.ts";
import type { ApiClient, ApiReply } from "./api-client.ts";
import { checkedMetadata } from "./checked-metadata.ts";
import { requireApiClient } from "./configure.ts";
import { CursorPage, type CursorPagePromise, cursorPagePromise } from "./cursor-page.ts";
import { parseReply } from "./parse-reply.ts";
import { pathSegment } from "./path-segment.ts";
import { type RecordsApi, recordsClient } from "./records-api.ts";
import { withDates } from "./run-dates.ts";
import type {
  NewRecord,
  RecordCondition,
  RecordFields,
  RecordsFilter,
  RuntypeRecord,
} from "./runtype-record.ts";

const LIST = "/v1/records";

/** Where a record is. */
export function recordPath(id: string): string {
  return `${LIST}/${pathSegment("the record's id", id)}`;
}

/** The calls of `records` at one API. A 409 is an answer here: the same request would be refused again. */
class RecordCalls {
  readonly #client: () => ApiClient;

  constructor(client: () => ApiClient) {
    this.#client = client;
  }

  /**
   * Makes a record. Where the server does not deduplicate, a request that may have been applied is not sent again.
   * @throws MetadataValueError, MetadataSizeError before anything is sent; ApiError (409: it is there already)
   */
  async create(record: NewRecord): Promise<RuntypeRecord> {
    const body = { ...bodyOf(record), ...(record.id === undefined ? {} : { id: record.id }) };
    const reply = await this.#client().send("POST", LIST, { body, repeatable: false, retryConflict: false });
    return readRecord(`POST ${LIST}`, reply);
  }

  /** A record as it is now. @throws ApiError (404: there is none) */
  async retrieve(id: string): Promise<RuntypeRecord> {
    const path = recordPath(id);
    return readRecord(`GET ${path}`, await this.#client().send("GET", path));
  }

  /**
   * Records, newest first. Await it for a page, or iterate it for all of them, page by page.
   *
   * @example
   * for await (const record of records.list({ type: "customer" })) console.log(record.name);
   */
  list(filter: RecordsFilter = {}): CursorPagePromise<RuntypeRecord> {
    return cursorPagePromise(this.#page(filter));
  }

  /**
   * Writes the given fields.
   * @throws MetadataValueError, MetadataSizeError before anything is sent; ApiError (404; 409: not as `ifMatch` says)
   */
  async update(id: string, fields: RecordFields, condition: RecordCondition = {}): Promise<RuntypeRecord> {
    const path = recordPath(id);
    const reply = await this.#client().send("PUT", path, {
      body: bodyOf(fields),
      headers: headersOf(condition),
      retryConflict: false,
    });
    return readRecord(`PUT ${path}`, reply);
  }

  /** Deletes a record for good. @throws ApiError (404: there is none; 409: not as `ifMatch` says) */
  async delete(id: string, condition: RecordCondition = {}): Promise<void> {
    await this.#client().send("DELETE", recordPath(id), {
      headers: headersOf(condition),
      retryConflict: false,
    });
  }

  async #page(filter: RecordsFilter): Promise<CursorPage<RuntypeRecord>> {
    const { type, name, limit, after, before } = filter;
    const reply = await this.#client().send("GET", LIST, {
      query: {
        type,
        name,
        limit: limit === undefined ? undefined : String(limit),
        cursor: after,
        "page[before]": before,
      },
    });
    const page = await parseReply(
      `GET ${LIST}`,
      reply,
      (schemas) => schemas.listRecordsReply,
      ({ data, pagination }) => {
        const next = pagination.hasMore === false ? undefined : (pagination.next ?? pagination.nextCursor);
        // Only runmeta servers tell how to go back.
        return {
          data: data.map(withDates),
          pagination: { next: next ?? undefined, previous: pagination.previous },
        };
      },
    );
    return new CursorPage<RuntypeRecord>(page, (cursor) =>
      this.#page({ ...filter, after: undefined, before: undefined, ...cursor }),
    );
  }
}

function bodyOf(fields: RecordFields) {
  const { name, type, messages } = fields;
  return {
    name,
    type,
    metadata: checkedMetadata(fields.metadata, MAX_BODY_BYTES),
    messages: messages === null ? null : messages?.map((message) => checkedMetadata(message, MAX_BODY_BYTES)),
  };
}

function headersOf({ ifMatch }: RecordCondition): Record<string, string> {
  return ifMatch === undefined ? {} : { "if-match": ifMatch };
}

function readRecord(call: string, reply: ApiReply): Promise<RuntypeRecord> {
  const etag = reply.headers.get("etag");
  return parseReply(
    call,
    reply,
    (schemas) => schemas.recordReply,
    (body) => ({ ...withDates(body), ...(etag === null ? {} : { etag }) }),
  );
}

/** Records of the configured API, or of another one of the same shape. */
export interface Records extends Pick<RecordCalls, "create" | "retrieve" | "list" | "update" | "delete"> {
  /** The same calls at another API. @throws ConfigError for a base URL or a key that cannot be used */
  with(api: RecordsApi): Records;
}

/* @__NO_SIDE_EFFECTS__ */
function recordsAt(client: () => ApiClient): Records {
  const calls = new RecordCalls(client);
  return {
    create: (record) => calls.create(record),
    retrieve: (id) => calls.retrieve(id),
    list: (filter) => calls.list(filter),
    update: (id, fields, condition) => calls.update(id, fields, condition),
    delete: (id, condition) => calls.delete(id, condition),
    with: (api) => {
      const other = recordsClient(api);
      return recordsAt(() => other);
    },
  };
}

/**
 * The Runtype records API: at the configured server, or with `records.with({ baseURL, apiKey })` at any other of that
 * shape. Every call throws ConfigError when no API is configured, and ApiError.
 *
 * @example
 * const record = await records.create({ type: "customer", name: "Ada", metadata: { plan: "free" } });
 * await records.update(record.id, { metadata: { plan: "pro" } }, { ifMatch: record.etag });
 */
export const records: Records = recordsAt(requireApiClient);
