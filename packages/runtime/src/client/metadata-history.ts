import type { JsonObject } from "../protocol/json.ts";
import type { Operation } from "../protocol/operation.ts";
import { requireApiClient } from "./configure.ts";
import { parseReply } from "./parse-reply.ts";
import { pathSegment } from "./path-segment.ts";

/** How a run's metadata became what it is: `base.document` with the operations of `changes` is the document. */
export interface MetadataHistory {
  /** Largest document of the server, in bytes. */
  readonly limitBytes: number;
  /** What the changes begin with; undefined when only newer changes were asked for and are there. */
  readonly base: { readonly version: number; readonly at: Date; readonly document: JsonObject } | undefined;
  /** Oldest first. */
  readonly changes: readonly MetadataChange[];
}

/** What was written together. */
export interface MetadataChange {
  readonly version: number;
  readonly at: Date;
  /** The run's attempt then; 0 before the first. */
  readonly attempt: number;
  /** `from` is the child run that wrote it, where it was one. */
  readonly operations: readonly (Operation & { readonly from?: string | undefined })[];
}

/** The history of a run's metadata, or what is newer than a version of it. */
export async function readMetadataHistory(id: string, after: number | undefined): Promise<MetadataHistory> {
  const path = `/api/v1/runs/${pathSegment("the run's id", id)}/metadata/history`;
  const query = { after: after === undefined ? undefined : String(after) };
  const reply = await requireApiClient().send("GET", path, { query });
  return parseReply(
    `GET ${path}`,
    reply,
    (schemas) => schemas.metadataHistoryReply,
    ({ limitBytes, base, changes }) => ({
      limitBytes,
      base: base === undefined ? undefined : withDate(base),
      changes: changes.map(withDate),
    }),
  );
}

function withDate<Item extends { readonly at: string }>({ at, ...item }: Item) {
  return { ...item, at: new Date(at) };
}
