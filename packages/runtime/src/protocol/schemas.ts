/*
 * Wire schemas, shared by server and client. An entry of its own, since importing zod takes 61-71 ms and 13 MB: nothing on
 * the way of `metadata.*` may import it.
 */
export {
  announceTasksBody,
  announceTasksReply,
  completeAttemptBody,
  completeAttemptReply,
  heartbeatBody,
  heartbeatReply,
  heartbeatsBody,
  heartbeatsReply,
  heldAttemptBody,
  registerRunBody,
  registerRunReply,
  releaseAttemptBody,
  runResultReply,
  startAttemptBody,
  startAttemptReply,
} from "./engine-schemas.ts";
export type { PutMetadataBody } from "./metadata-schemas.ts";
export {
  getMetadataReply,
  jsonValue,
  metadataDocument,
  metadataHistoryQuery,
  metadataHistoryReply,
  operationSchema,
  putMetadataBody,
  putMetadataReply,
} from "./metadata-schemas.ts";
export {
  createRecordBody,
  deleteRecordReply,
  listRecordsQuery,
  listRecordsReply,
  recordReply,
  updateRecordBody,
} from "./record-schemas.ts";
export { listRunsQuery } from "./run-query-schemas.ts";
export {
  addTagsReply,
  listRunsReply,
  retrieveRunReply,
  runId,
  runIdReply,
  runStatus,
} from "./run-schemas.ts";
export {
  closeSessionBody,
  createdSessionReply,
  createSessionBody,
  listSessionsQuery,
  listSessionsReply,
  sessionItem,
  updateSessionBody,
} from "./session-schemas.ts";
export { appendToStreamReply, createStreamReply, streamProgressReply } from "./stream-schemas.ts";
export { publicTokenBody, publicTokenReply, tokenClaimsReply } from "./token-schemas.ts";
export {
  addBatchItemsReply,
  batchItem,
  createBatchBody,
  createBatchReply,
  packetUploadReply,
  replayRunBody,
  rescheduleRunBody,
  resetIdempotencyKeyBody,
  retrieveBatchReply,
  triggerOptions,
  triggerTaskBody,
  triggerTaskReply,
} from "./trigger-schemas.ts";
