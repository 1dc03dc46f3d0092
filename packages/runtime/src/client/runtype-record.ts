import type { MetadataInput } from "./trigger-options.ts";

/** A record of the Runtype API. */
export interface RuntypeRecord {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** Loosely typed, as a run's metadata is. */
  // biome-ignore lint/suspicious/noExplicitAny: members are read without a cast, as those of a run's metadata
  readonly metadata: { readonly [key: string]: any };
  readonly messages: readonly unknown[] | null;
  readonly userId: string;
  readonly organizationId: string | null;
  readonly productSurfaceId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly metadataLabels?: { readonly [key: string]: string } | undefined;
  readonly metadataSchema?: { readonly [key: string]: unknown } | undefined;
  /** The version that was read, for `ifMatch`; undefined in lists, and where the server has no versions. */
  readonly etag?: string | undefined;
}

/** Fields of a record that can be set. Those left out stay as they are; metadata and messages are replaced whole. */
export interface RecordFields {
  /** 1 to 500 characters. */
  readonly name?: string | undefined;
  /** 1 to 255 characters. */
  readonly type?: string | undefined;
  readonly metadata?: MetadataInput | undefined;
  readonly messages?: readonly MetadataInput[] | null | undefined;
}

/** A record to make. */
export interface NewRecord extends RecordFields {
  /** An id of your own (1 to 255 printable characters), taken by a runmeta server only. @default the server's */
  readonly id?: string | undefined;
  readonly name: string;
  readonly type: string;
}

/** On what condition a record is changed. */
export interface RecordCondition {
  /**
   * The `etag` of a record that was read: the call is refused with 409 when somebody has written since. A server without
   * versions ignores it.
   */
  readonly ifMatch?: string | undefined;
}

/** Which records `records.list` gives. */
export interface RecordsFilter {
  /** Exactly this type. */
  readonly type?: string | undefined;
  /** Exactly this name. */
  readonly name?: string | undefined;
  /** Records a page, 1 to 100. @default the server's, 20 */
  readonly limit?: number | undefined;
  /** Where a page begins; opaque. */
  readonly after?: string | undefined;
  /** Where a page ends; a runmeta server's only. */
  readonly before?: string | undefined;
}
