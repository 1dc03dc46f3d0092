import type { BatchService } from "./batch-service.ts";
import type { MetadataHistory } from "./metadata-history.ts";
import type { MetadataWriter } from "./metadata-writer.ts";
import type { PacketUploads } from "./packet-uploads.ts";
import type { RunFeed } from "./realtime/run-feed.ts";
import type { RecordService } from "./record-service.ts";
import type { RunService } from "./run-service.ts";
import type { SessionService } from "./session-service.ts";
import type { StreamService } from "./streams/stream-service.ts";

/** What the routes work with. */
export interface Services {
  readonly runs: RunService;
  readonly batches: BatchService;
  readonly sessions: SessionService;
  readonly records: RecordService;
  readonly packets: PacketUploads;
  readonly feed: RunFeed;
  readonly streams: StreamService;
  readonly metadata: Pick<MetadataWriter, "update">;
  readonly history: Pick<MetadataHistory, "read">;
  /** Largest metadata document in bytes. */
  readonly maximumSizeBytes: number;
  /** Where callers outside reach the server; undefined: as they have reached it. */
  readonly publicURL: URL | undefined;
}
