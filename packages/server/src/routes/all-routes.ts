import type { Route } from "../http/route.ts";
import { buildDocument } from "../openapi/build-document.ts";
import type { OpenApiDocument } from "../openapi/openapi-document.ts";
import type { Clock } from "../service/clock.ts";
import type { Services } from "../service/services.ts";
import { addBatchItemsRoute } from "./add-batch-items.ts";
import { addTagsRoute } from "./add-tags.ts";
import { appendToStreamRoute } from "./append-to-stream.ts";
import { cancelRunRoute } from "./cancel-run.ts";
import { closeSessionRoute } from "./close-session.ts";
import { createBatchRoute } from "./create-batch.ts";
import { createPacketUploadRoute } from "./create-packet-upload.ts";
import { createRecordRoute } from "./create-record.ts";
import { createSessionRoute } from "./create-session.ts";
import { createStreamRoute } from "./create-stream.ts";
import { deleteRecordRoute } from "./delete-record.ts";
import { getMetadataRoute } from "./get-metadata.ts";
import { batchEventsRoute, taggedRunsEventsRoute } from "./group-events.ts";
import { batchShapeRoute, taggedRunsShapeRoute } from "./group-shapes.ts";
import { healthRoute } from "./healthz.ts";
import { ingestStreamRoute } from "./ingest-stream.ts";
import { jwtClaimsRoute } from "./jwt-claims.ts";
import { listRecordsRoute } from "./list-records.ts";
import { listRunsRoute } from "./list-runs.ts";
import { listSessionsRoute } from "./list-sessions.ts";
import { metadataHistoryRoute } from "./metadata-history.ts";
import { openApiRoute } from "./openapi.ts";
import { publicTokensRoute } from "./public-tokens.ts";
import { putMetadataRoute } from "./put-metadata.ts";
import { readStreamRoute } from "./read-stream.ts";
import { referenceRoute } from "./reference.ts";
import { replayRunRoute } from "./replay-run.ts";
import { rescheduleRunRoute } from "./reschedule-run.ts";
import { resetIdempotencyKeyRoute } from "./reset-idempotency-key.ts";
import { retrieveBatchRoute } from "./retrieve-batch.ts";
import { retrieveRecordRoute } from "./retrieve-record.ts";
import { retrieveRunRoute } from "./retrieve-run.ts";
import { retrieveSessionRoute } from "./retrieve-session.ts";
import { runEventsRoute } from "./run-events.ts";
import { runShapeRoute } from "./run-shape.ts";
import { streamProgressRoute } from "./stream-progress.ts";
import { triggerTaskRoute } from "./trigger-task.ts";
import { updateRecordRoute } from "./update-record.ts";
import { updateSessionRoute } from "./update-session.ts";
import { uploadPacketRoute } from "./upload-packet.ts";
import { announceTasksRoute } from "./worker-announce-tasks.ts";
import { completeAttemptRoute } from "./worker-complete-attempt.ts";
import { heartbeatRoute } from "./worker-heartbeat.ts";
import { heartbeatsRoute } from "./worker-heartbeats.ts";
import { registerRunRoute } from "./worker-register-run.ts";
import { releaseAttemptRoute } from "./worker-release-attempt.ts";
import { resultRoute } from "./worker-result.ts";
import { startAttemptRoute } from "./worker-start-attempt.ts";
import { pauseAttemptRoute, resumeAttemptRoute } from "./worker-waits.ts";

/** Every endpoint of the server. */
export function allRoutes(services: Services, clock: Clock): Route[] {
  let document: OpenApiDocument | undefined;
  const describe = (): OpenApiDocument => {
    document ??= buildDocument(routes);
    return document;
  };
  const routes: Route[] = [
    putMetadataRoute(services),
    getMetadataRoute(services),
    metadataHistoryRoute(services),
    triggerTaskRoute(services),
    retrieveRunRoute(services),
    listRunsRoute(services, clock),
    cancelRunRoute(services),
    replayRunRoute(services),
    rescheduleRunRoute(services),
    addTagsRoute(services),
    resetIdempotencyKeyRoute(services),
    createPacketUploadRoute(services),
    uploadPacketRoute(services),
    createBatchRoute(services),
    addBatchItemsRoute(services),
    retrieveBatchRoute(services),
    runEventsRoute(services),
    taggedRunsEventsRoute(services, clock),
    batchEventsRoute(services),
    runShapeRoute(services, clock),
    taggedRunsShapeRoute(services, clock),
    batchShapeRoute(services, clock),
    createStreamRoute(services),
    ingestStreamRoute(services),
    streamProgressRoute(services),
    appendToStreamRoute(services),
    readStreamRoute(services),
    createSessionRoute(services),
    listSessionsRoute(services, clock),
    retrieveSessionRoute(services),
    updateSessionRoute(services),
    closeSessionRoute(services),
    registerRunRoute(services),
    startAttemptRoute(services),
    heartbeatRoute(services),
    heartbeatsRoute(services),
    pauseAttemptRoute(services),
    resumeAttemptRoute(services),
    releaseAttemptRoute(services),
    announceTasksRoute(services),
    completeAttemptRoute(services),
    resultRoute(services),
    createRecordRoute(services),
    listRecordsRoute(services),
    retrieveRecordRoute(services),
    updateRecordRoute(services),
    deleteRecordRoute(services),
    jwtClaimsRoute(),
    publicTokensRoute(clock),
    healthRoute(),
    openApiRoute(describe),
    referenceRoute(describe),
  ];
  return routes;
}
