import type { Clock } from "../clock.ts";
import type { Flusher } from "../flush/flusher.ts";
import type { WarningCode } from "../options.ts";
import type { MetadataStore } from "../store/metadata-store.ts";
import type { RemoteDocument } from "../store/remote-document.ts";
import type { RunStreams } from "../stream/run-streams.ts";

/** What the current run is, for everything below it in the call stack. */
export interface RunScope {
  readonly id: string;
  readonly task: string | undefined;
  /** From 1. */
  readonly attempt: number;
  readonly parentId: string | undefined;
  readonly rootId: string | undefined;
  readonly tags: readonly string[];
  /** Aborted when the run is cancelled or exceeds its `maxDuration`. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** When the run was opened for this attempt, by `clock.now()`. */
  readonly openedAt: number;
  readonly store: MetadataStore;
  readonly flusher: Flusher;
  /** The parent's document; the run's own where it has none. */
  readonly parent: MetadataStore | RemoteDocument;
  /** The root's document; the run's own where it is the root. */
  readonly root: MetadataStore | RemoteDocument;
  /** The streams that this attempt writes. */
  readonly streams: RunStreams;
  /** Says what went wrong, at most once a code. */
  warn(code: WarningCode, message: string): void;
  /** Values that layers above keep for the time of the run (`locals`, the API client, …), by their own keys. */
  readonly attachments: Map<symbol, unknown>;
}
