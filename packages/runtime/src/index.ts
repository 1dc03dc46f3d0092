// --- metadata: works anywhere below a run, does nothing outside one

export type { RequestOptions } from "./client/api-client.ts";
export {
  auth,
  type CreatePublicTokenOptions,
  type CreateTriggerTokenOptions,
  type PublicTokenOptions,
} from "./client/auth.ts";
export type { BatchItem, BatchItems, BatchOptions, TriggeredBatch } from "./client/batch.ts";
// --- client
export type { BatchItemError } from "./client/batch-runs.ts";
export type { CallOptions } from "./client/call-options.ts";
export { type ClientConfiguration, configure } from "./client/configure.ts";
export type { CursorPage, CursorPagePromise } from "./client/cursor-page.ts";
export {
  type IdempotencyKeyScope,
  idempotencyKeys,
  type ResetKeyOptions,
} from "./client/idempotency-keys.ts";
export type { MetadataChange, MetadataHistory } from "./client/metadata-history.ts";
export { type Records, records } from "./client/records.ts";
export type { RecordsApi } from "./client/records-api.ts";
export type { ReplayRunOptions } from "./client/replay-body.ts";
export type { RetrievedBatch } from "./client/retrieve-batch.ts";
export type { ListedRun, RelatedRun, RetrievedRun, RunRecord } from "./client/run-record.ts";
export type { OneRunSubscription, RunSubscription, SubscribeOptions } from "./client/run-subscription.ts";
export type { RunWithStreams } from "./client/run-with-streams.ts";
export { type PollOptions, type RunReference, runs } from "./client/runs.ts";
export type { RunsFilter } from "./client/runs-filter.ts";
export type {
  NewRecord,
  RecordCondition,
  RecordFields,
  RecordsFilter,
  RuntypeRecord,
} from "./client/runtype-record.ts";
export type { CreatedSession, Session, SessionTriggerConfig } from "./client/session-record.ts";
export {
  type CloseSession,
  type CreateSession,
  sessions,
  type UpdateSession,
} from "./client/sessions.ts";
export type { SessionsFilter } from "./client/sessions-filter.ts";
export {
  type DefinedStream,
  type InferStreamType,
  type PipeStreamOptions,
  type PipeStreamResult,
  type StreamTargetOptions,
  streams,
  type WriterStreamOptions,
} from "./client/streams.ts";
export { tags } from "./client/tags.ts";
export type { TaskRunPromise } from "./client/task-run-promise.ts";
export type { TokenPermissions, TokenResources } from "./client/token-scopes.ts";
export type { TriggerAndSubscribeOptions, TriggeredRun } from "./client/trigger.ts";
export type { MetadataInput, TriggerOptions } from "./client/trigger-options.ts";
export type { MetadataUpdate } from "./client/update-metadata.ts";
// --- options and errors
export type { Clock, Debounced, Timer } from "./clock.ts";
// --- runs
export { bindToScope as bind } from "./context/context-storage.ts";
export { defineMetadata, type TypedMetadata } from "./define-metadata.ts";
export {
  AbortTaskRunError,
  ApiError,
  AuthenticationError,
  BadRequestError,
  CompleteTaskWithOutput,
  ConfigError,
  ConflictError,
  HookTimeoutError,
  InternalServerError,
  isRunmetaError,
  MaxDurationError,
  MetadataFlushError,
  MetadataSizeError,
  MetadataValueError,
  NotFoundError,
  NotSupportedError,
  OutOfMemoryError,
  PacketError,
  PermissionDeniedError,
  RateLimitError,
  type RefusedReply,
  RunCancelledError,
  RunmetaError,
  type RunmetaErrorCode,
  StreamReleasedError,
  TaskNotFoundError,
  TaskOutputError,
  TaskPayloadError,
  TaskRunFailedError,
  TaskRunFailedError as SubtaskUnwrapError,
  UnprocessableEntityError,
} from "./errors.ts";
export type { FlushOptions } from "./flush/flusher-options.ts";
export {
  type BatchByIdItem,
  type BatchByIdResult,
  type BatchByTaskItem,
  type BatchByTaskResult,
  batch,
  type ResultOf,
} from "./lifecycle/batch.ts";
// --- tasks
export { defineConfig, type RunmetaConfig } from "./lifecycle/config.ts";
export { type CurrentRun, currentRun } from "./lifecycle/current-run.ts";
export type { DefinedTask } from "./lifecycle/defined-task.ts";
export { heartbeats } from "./lifecycle/heartbeats.ts";
export type { CompletionResult, HookParams, TaskHooks } from "./lifecycle/hooks.ts";
export { type LocalsKey, locals } from "./lifecycle/locals.ts";
export type { LogLevel } from "./lifecycle/log-level.ts";
export type { LogSpan, SpanOptions } from "./lifecycle/log-span.ts";
export { type LogLine, type LogSink, logger, setLogSink } from "./lifecycle/logger.ts";
export type { ObservedWrite, WriteListener } from "./lifecycle/observe-writes.ts";
export type {
  AnyOnCancelHookFunction,
  AnyOnCatchErrorHookFunction,
  AnyOnCompleteHookFunction,
  AnyOnFailureHookFunction,
  AnyOnMiddlewareHookFunction,
  AnyOnResumeHookFunction,
  AnyOnStartAttemptHookFunction,
  AnyOnStartHookFunction,
  AnyOnSuccessHookFunction,
  AnyOnWaitHookFunction,
  AnyRetrieveRunResult,
  ApiClientConfiguration,
  BatchResult,
  BatchRunHandle,
  HandleErrorArgs,
  HandleErrorFunction,
  IdempotencyKey,
  JSONSchema,
  OnStartHookFunction,
  RetrieveRunResult,
  RunMetadata,
  TaskCompleteResult,
  TaskFromIdentifier,
  TaskOptionsWithSchema,
  TaskRunResult,
  TaskSchema,
  TaskStartHookParams,
  TaskWithSchema,
  TaskWithSchemaOptions,
  TriggerConfig,
} from "./lifecycle/official-types.ts";
export { type Queue, type QueueOptions, queue } from "./lifecycle/queue.ts";
export { type RetriedCall, retry } from "./lifecycle/retry.ts";
export type {
  FetchRetryOptions,
  FetchRetryStrategy,
  RetryFetchInit,
} from "./lifecycle/retry-fetch.ts";
export type { RetryOptions } from "./lifecycle/retry-options.ts";
export type { RunOptions, TargetFor } from "./lifecycle/run-options.ts";
export { recordTarget, runTarget, sessionTarget } from "./lifecycle/run-targets.ts";
export { type SchemaTaskOptions, schemaTask } from "./lifecycle/schema-task.ts";
export { task } from "./lifecycle/task.ts";
export type { TaskRunContext, TaskRunContext as Context } from "./lifecycle/task-context.ts";
export type { RunParams, TaskOptions } from "./lifecycle/task-definition.ts";
export type {
  AnyTask,
  BatchHandle,
  RunHandle,
  Task,
  TaskBatchResult,
  TaskIdentifier,
  TaskOutput,
  TaskPayload,
} from "./lifecycle/task-handle.ts";
export { tasks } from "./lifecycle/tasks.ts";
export { timeout } from "./lifecycle/timeout.ts";
export { type ComputeUsage, type CurrentUsage, usage } from "./lifecycle/usage.ts";
export { useConfig } from "./lifecycle/use-config.ts";
export { type CommonWaitOptions, type WaitDuration, type WaitForOptions, wait } from "./lifecycle/wait.ts";
export { type RunResult, withRun, withRunResult } from "./lifecycle/with-run.ts";
export { type Metadata, metadata, type RelativeUpdater } from "./metadata.ts";
export type { Drop, DropReason, MetadataOptions, Warning, WarningCode } from "./options.ts";
export type { Progress, ProgressOptions, ProgressValue } from "./progress.ts";
export type { JsonObject, JsonValue } from "./protocol/json.ts";
export type { Operation } from "./protocol/operation.ts";
export type { RunStatus } from "./protocol/run-status.ts";
export type { Refused } from "./refused.ts";
// --- names of the official SDK that throw NotSupportedError
export {
  __setSessionCloseImplForTests,
  __setSessionOpenImplForTests,
  __setSessionStartImplForTests,
  BatchTriggerError,
  ChatChunkTooLargeError,
  chatEvent,
  concurrencyLimit,
  concurrencyLimits,
  createCache,
  defineWebhookEndpoint,
  deployments,
  envvars,
  InMemoryCache,
  isChatChunkTooLargeError,
  ManualWaitpointPromise,
  markChatAgentRunForStreamsWarning,
  normalizeKeyString,
  OIDCTokenError,
  otel,
  prompts,
  providerProducers,
  query,
  queues,
  SessionHandle,
  SessionInputChannel,
  SessionOutputChannel,
  schedules,
  skills,
  TriggerClient,
  toolTask,
  WaitpointTimeoutError,
  WebhookEndpointNotFoundError,
  WebhookError,
  WebhookFilterError,
  WebhookIndexingError,
  WebhookWaiterCancelledError,
  WebhookWaiterLimitError,
  waitUntil,
  webhook,
  webhookSources,
  webhooks,
} from "./refused-names.ts";
export type { StandardSchema } from "./standard-schema.ts";
export type { FlushStats } from "./store/ledger.ts";
export type { ReadStreamOptions } from "./stream/read-stream.ts";
export type { StreamSource } from "./stream/source-items.ts";
export { type MemoryTarget, memoryTarget } from "./target/memory-target.ts";
export type {
  Batch,
  BatchContent,
  BatchOperations,
  ReadResult,
  RemoteProblem,
  SendOptions,
  SendResult,
  Target,
} from "./target/target.ts";
export type { Updater } from "./updater.ts";
