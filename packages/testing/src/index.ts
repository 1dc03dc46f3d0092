export { assertNoLeftovers } from "./assert-no-leftovers.ts";
export type { BackendName } from "./backend.ts";
export type { EndpointRunStatus } from "./endpoint-run.ts";
export type { Leftover } from "./leftover.ts";
export { type ManualClock, type ManualClockOptions, manualClock, type PendingTimer } from "./manual-clock.ts";
export { type MockedRun, type MockRunOptions, mockRun } from "./mock-run.ts";
export { type NetworkErrorCode, networkError } from "./network-error.ts";
export type { RecordedRequest } from "./recorded-request.ts";
export {
  accepted,
  brokenBody,
  down,
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
export { type RunTaskOptions, runTask } from "./run-task.ts";
export {
  type ScriptedEndpoint,
  type ScriptedEndpointOptions,
  scriptedEndpoint,
} from "./scripted-endpoint.ts";
export { closeServers } from "./shared-server.ts";
export type { TestOptions } from "./test-options.ts";
export type { DocumentChange, RecordedHook, StoredBatch, TestRun } from "./test-run.ts";
