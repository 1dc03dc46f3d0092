import type { Storage } from "../storage/storage.ts";
import type { Clock } from "./clock.ts";
import type { RunChanges } from "./run-changes.ts";
import type { RunDispatcher } from "./run-dispatcher.ts";

/** What the operations on runs work with. */
export interface RunDependencies {
  readonly storage: Storage;
  readonly dispatcher: RunDispatcher;
  readonly changes: RunChanges;
  readonly clock: Clock;
  /** UTF-8 bytes of a metadata document's JSON. */
  readonly maximumSizeBytes: number;
  /** A run was stored that becomes due, or expires, at that time. */
  onDueAt(at: Date): void;
}
