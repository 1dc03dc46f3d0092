import { randomUUID } from "node:crypto";
import type { JsonObject } from "@runmeta/runtime/protocol";
import type { RecordQuery, RecordRow, RecordStorage } from "../storage/storage.ts";
import { type CursorPage, cutPage } from "./cursor-page.ts";
import { newId } from "./new-id.ts";

/** Which record is meant, and in which state. */
export interface RecordReference {
  readonly environment: string;
  readonly id: string;
  /** When given, the record must have one of these versions. */
  readonly ifVersions?: readonly string[] | undefined;
}

/** What a write to one record came to. */
export type RecordResult =
  | { readonly status: "ok"; readonly record: RecordRow }
  | { readonly status: "not-found" | "stale" };

/** Fields of a record that clients set; undefined ones stay as they are. */
export interface RecordFields {
  readonly type?: string | undefined;
  readonly name?: string | undefined;
  readonly metadata?: JsonObject | undefined;
  readonly messages?: readonly JsonObject[] | null | undefined;
}

/**
 * Records of the Runtype API. Each write is one statement, so of two that exclude each other one wins; a call that is
 * sent again under its request key is answered, not done twice. Rejects only when the storage does.
 */
export class RecordService {
  readonly #storage: RecordStorage;

  constructor(storage: RecordStorage) {
    this.#storage = storage;
  }

  /** Makes a record; undefined when the id is taken. */
  async create(request: {
    readonly environment: string;
    /** @default a fresh one, `rec_…` */
    readonly id?: string | undefined;
    readonly requestKey: string | undefined;
    readonly type: string;
    readonly name: string;
    readonly metadata: JsonObject;
    readonly messages: readonly JsonObject[] | null;
  }): Promise<RecordRow | undefined> {
    const { environment, type, name } = request;
    const id = request.id ?? newId("rec");
    const createKey = request.requestKey ?? randomUUID();
    const created = await this.#storage.insertRecord({
      environment,
      id,
      type,
      name,
      metadata: JSON.stringify(request.metadata),
      messages: request.messages === null ? null : JSON.stringify(request.messages),
      createKey,
    });
    if (created !== undefined) return created;
    const present = await this.#storage.findRecord(environment, id, createKey);
    return present?.createKey === createKey && (request.id === undefined || present.id === id)
      ? present
      : undefined;
  }

  /** A record, or undefined when this environment has none of that id. */
  async find(environment: string, id: string): Promise<RecordRow | undefined> {
    return await this.#storage.findRecord(environment, id);
  }

  /** A page of records, newest first; `query.limit` is its size. */
  async list(query: RecordQuery): Promise<CursorPage<RecordRow, string>> {
    const found = await this.#storage.listRecords({ ...query, limit: query.limit + 1 });
    return cutPage(found, query, (record) => record.number);
  }

  /** Writes the given fields; of two callers that expect the same version one gets `stale`. */
  async update(
    reference: RecordReference & { readonly requestKey: string | undefined },
    fields: RecordFields,
  ): Promise<RecordResult> {
    const { environment, id, ifVersions } = reference;
    const { metadata, messages } = fields;
    const updateKey = reference.requestKey ?? randomUUID();
    const record = await this.#storage.updateRecord({
      environment,
      id,
      ifVersions,
      updateKey,
      type: fields.type,
      name: fields.name,
      metadata: metadata === undefined ? undefined : JSON.stringify(metadata),
      messages: messages === undefined || messages === null ? messages : JSON.stringify(messages),
    });
    if (record !== undefined) return { status: "ok", record };
    const present = await this.#storage.findRecord(environment, id);
    if (present === undefined) return { status: "not-found" };
    // Sent again after its reply was lost: it is done.
    return present.updateKey === updateKey ? { status: "ok", record: present } : { status: "stale" };
  }

  /** Deletes a record for good. */
  async delete(reference: RecordReference): Promise<"deleted" | "not-found" | "stale"> {
    const { environment, id, ifVersions } = reference;
    if (await this.#storage.deleteRecord(environment, id, ifVersions)) return "deleted";
    return (await this.#storage.findRecord(environment, id)) === undefined ? "not-found" : "stale";
  }
}
