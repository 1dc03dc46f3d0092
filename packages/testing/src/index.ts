export { type ManualClock, type ManualClockOptions, manualClock, type PendingTimer } from "./manual-clock.ts";
export type { NetworkErrorCode } from "./network-error.ts";
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
export {
  type RecordedRequest,
  type ScriptedEndpoint,
  type ScriptedEndpointOptions,
  scriptedEndpoint,
} from "./scripted-endpoint.ts";
