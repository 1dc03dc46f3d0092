/*
 * Wire schemas, shared by server and client. An entry of its own, since importing zod takes 61-71 ms and 13 MB: nothing on
 * the way of `metadata.*` may import it.
 */
export { completeAttemptBody, heartbeatBody, registerRunBody, startAttemptBody } from "./engine-schemas.ts";
export type { PutMetadataBody } from "./metadata-schemas.ts";
export {
  getMetadataReply,
  jsonValue,
  metadataDocument,
  operationSchema,
  putMetadataBody,
  putMetadataReply,
} from "./metadata-schemas.ts";
export { listRunsQuery, listRunsReply, retrieveRunReply, runStatus } from "./run-schemas.ts";
export {
  batchItem,
  createBatchBody,
  createBatchReply,
  triggerOptions,
  triggerTaskBody,
  triggerTaskReply,
} from "./trigger-schemas.ts";
