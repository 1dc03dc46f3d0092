export type { AppliedOperations } from "./apply-operation.ts";
export { applyOperation, applyOperations } from "./apply-operation.ts";
export { applyRemoteOperations } from "./apply-remote-operations.ts";
export { jsonBytes, numberBytes, stringBytes } from "./byte-size.ts";
export { cloneJson } from "./clone-json.ts";
export type { PendingOperation } from "./collapse-operations.ts";
export { collapseOperations } from "./collapse-operations.ts";
export { copyJson, lastCopyBytes } from "./copy-json.ts";
export type { BatchKey } from "./idempotency-key.ts";
export { DEDUPE_HEADER, formatBatchKey, IDEMPOTENCY_KEY_HEADER, parseBatchKey } from "./idempotency-key.ts";
export { isJsonObject, isJsonValue } from "./is-json-value.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export { exceedsDepth } from "./json-depth.ts";
export {
  DEFAULT_MAXIMUM_SIZE_BYTES,
  MACHINE_PRESETS,
  MAX_ADDED_ITEMS,
  MAX_BATCH_RUNS,
  MAX_BODY_BYTES,
  MAX_DEPTH,
  MAX_IDEMPOTENCY_KEY_LENGTH,
  MAX_SESSION_UPDATE_BYTES,
  MAX_TAG_LENGTH,
  MAX_TAGS,
  MAX_TRIGGER_BODY_BYTES,
  MAXIMUM_SIZE_VARIABLE,
  resolveMaximumSize,
} from "./limits.ts";
export { assertSafeKey, isPathKey, isSafeKey } from "./metadata-key.ts";
export type { Operation } from "./operation.ts";
export { isPrintable } from "./printable-text.ts";
export { isRecordId } from "./record-id.ts";
export { isRunId } from "./run-id.ts";
export { isEnded, LIVE_STATUSES, RUN_STATUSES, type RunStatus } from "./run-status.ts";
export { assignSegment, gapBefore, parentOf, readSegment, rootOf, simplePath } from "./simple-path.ts";
export {
  appendOwned,
  appendValue,
  deepEqual,
  incrementValue,
  missingValue,
  removeValue,
} from "./value-operations.ts";
