import type { JsonObject } from "@runmeta/runtime/protocol";
import type { listRecordsReply, recordReply } from "@runmeta/runtime/protocol/schemas";
import type { z } from "zod";
import { call } from "./call.ts";

/** A record as the API gives it. Named for what it is here: TypeScript has a `Record` of its own. */
export type StoredRecord = z.output<typeof recordReply>;

/** What of a record can be written. */
export interface RecordFields {
  readonly name: string;
  readonly type: string;
  readonly metadata: JsonObject;
  readonly messages: readonly JsonObject[] | null;
}

/** A page of records, newest first; the query in the API's own words. */
export function listRecords(query: Readonly<Record<string, string | undefined>>, signal?: AbortSignal) {
  return call<z.output<typeof listRecordsReply>>({ path: "/v1/records", query, signal });
}

/** One record; the version is in the `etag` header. */
export function retrieveRecord(id: string, signal?: AbortSignal) {
  return call<StoredRecord>({ path: pathOf(id), signal });
}

/** Makes a record with an empty document. The server makes an id where none is given. */
export function createRecord(fields: Pick<RecordFields, "name" | "type"> & { readonly id?: string }) {
  return call<StoredRecord>({ method: "POST", path: "/v1/records", body: fields });
}

/**
 * Writes a record's fields.
 *
 * @param version the one that was read: of two writers at once the second is refused with 409
 */
export function updateRecord(id: string, fields: RecordFields, version: string | undefined) {
  return call<StoredRecord>({
    method: "PUT",
    path: pathOf(id),
    body: fields,
    headers: onlyAt(version),
  });
}

/** Deletes a record for good. @param version the one that was read: another one is refused with 409 */
export function deleteRecord(id: string, version: string | undefined) {
  return call<{ success: true }>({ method: "DELETE", path: pathOf(id), headers: onlyAt(version) });
}

function onlyAt(version: string | undefined): Record<string, string> {
  return version === undefined ? {} : { "if-match": version };
}

function pathOf(id: string): string {
  return `/v1/records/${encodeURIComponent(id)}`;
}
