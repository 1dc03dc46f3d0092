export { configure } from "./client/configure.ts";
export { runs } from "./client/runs.ts";
export type { Clock, Debounced, Timer } from "./clock.ts";
export { bindToScope as bind } from "./context/context-storage.ts";
export { defineMetadata, type TypedMetadata } from "./define-metadata.ts";
export {
  ApiError,
  ConfigError,
  isRunmetaError,
  MetadataFlushError,
  MetadataSizeError,
  MetadataValueError,
  NotSupportedError,
  RunmetaError,
} from "./errors.ts";
export type { FlushOptions } from "./flush/flusher.ts";
export { currentRun, type RunHandle } from "./lifecycle/current-run.ts";
export { runTarget } from "./lifecycle/run-targets.ts";
export { type RunOptions, type RunResult, withRun, withRunResult } from "./lifecycle/with-run.ts";
export { type Metadata, metadata } from "./metadata.ts";
export type { Drop, DropReason, MetadataOptions, Warning, WarningCode } from "./options.ts";
export type { Progress, ProgressOptions, ProgressValue } from "./progress.ts";
export type { JsonObject, JsonValue } from "./protocol/json.ts";
export type { FlushStats } from "./store/ledger.ts";
export { type MemoryTarget, memoryTarget } from "./target/memory-target.ts";
export type { Target } from "./target/target.ts";
export type { Updater } from "./updater.ts";
