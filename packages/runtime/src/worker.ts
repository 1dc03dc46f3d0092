/** `@runmeta/runtime/worker`: what an engine needs to execute tasks. Applications have no use for it. */

export { ApiClient, type ApiClientOptions } from "./client/api-client.ts";
export { decodePacket, encodePacket, type Packet } from "./client/packet.ts";
export type { TaskWait } from "./context/while-waiting.ts";
export { ApiError } from "./errors.ts";
export { effectiveRetry, type GiveUpReason } from "./lifecycle/attempt-policy.ts";
export type { RunmetaConfig } from "./lifecycle/config.ts";
export { describeError, type ErrorDescription } from "./lifecycle/describe-error.ts";
export {
  type AttemptDelivery,
  type AttemptOutcome,
  type ExecuteAttemptOptions,
  executeAttempt,
} from "./lifecycle/execute-attempt.ts";
export type { HookCall, HookKind } from "./lifecycle/hooks.ts";
export type { ObservedWrite, WriteListener } from "./lifecycle/observe-writes.ts";
export { clearProcessRegistry } from "./lifecycle/process-registry.ts";
export { type RunAttemptsOptions, type RunOutcome, runAttempts } from "./lifecycle/run-attempts.ts";
export type { RunDescription, TaskRunContext } from "./lifecycle/task-context.ts";
export type { TaskDefinition, TaskSettings } from "./lifecycle/task-definition.ts";
export { findTask, registeredTasks, requireTask } from "./lifecycle/task-registry.ts";
export { currentConfig, useConfig } from "./lifecycle/use-config.ts";
export { createRunTarget, type RunTargetOptions } from "./target/run-target.ts";
