export type { EndpointRunStatus } from "./endpoint-run.ts";
export { type ManualClock, type ManualClockOptions, manualClock, type PendingTimer } from "./manual-clock.ts";
export { type MockedRun, type MockRunOptions, mockRun } from "./mock-run.ts";
export { type NetworkErrorCode, networkError } from "./network-error.ts";
export {
  accepted,
  brokenBody,
  type EndpointCall,
  hangs,
  lostReply,
  networkFault,
  type Reply,
  redirect,
  type StatusOptions,
  slow,
  status,
  tooLarge,
} from "./replies.ts";
export type { AppliedOperation, DocumentChange } from "./run-document.ts";
export { type RunTaskOptions, runTask } from "./run-task.ts";
export {
  type RecordedRequest,
  type ScriptedEndpoint,
  type ScriptedEndpointOptions,
  scriptedEndpoint,
} from "./scripted-endpoint.ts";
export type { TestOptions } from "./test-options.ts";
export type { RecordedHook, TestRun } from "./test-run.ts";
