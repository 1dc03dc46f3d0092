import { hash } from "node:crypto";
import { exceedsDepth, isRunId, MAX_BODY_BYTES, MAX_DEPTH } from "@runmeta/runtime/protocol";
import { putMetadataBody, putMetadataReply } from "@runmeta/runtime/protocol/schemas";
import { HttpError } from "../http/http-error.ts";
import { parseJson, requireJsonContentType } from "../http/parse-json.ts";
import { type Reply, textReply } from "../http/reply.ts";
import { REQUEST_KEY_HEADERS, requestKey } from "../http/request-key.ts";
import { defineRoute, type Route, type RouteRequest } from "../http/route.ts";
import type { UpdateResult } from "../service/metadata-writer.ts";
import type { Services } from "../service/services.ts";

/** A value sits in an operation, in a list, in the body: so much deeper than itself. */
const ENVELOPE_DEPTH = 3;

/**
 * `PUT /api/v1/runs/{runId}/metadata`: applies operations to a run's document, or replaces it. Answered after the commit.
 * What a body has wrong is always `Invalid metadata`; nothing of it is applied then.
 */
export function putMetadataRoute({ metadata }: Services): Route {
  return defineRoute({
    method: "PUT",
    // A missing id is answered like a wrong one.
    path: "/api/v1/runs/:runId{[^/]*}/metadata",
    access: { kind: "secret-key", unauthorized: "Invalid or Missing API key" },
    body: { kind: "json", schema: putMetadataBody, limitBytes: MAX_BODY_BYTES },
    contract: {
      operationId: "updateMetadata",
      tag: "Metadata",
      summary: "Apply operations to a run's document, or replace it",
      description:
        "`operations`, even an empty list, wins over `metadata`. All or nothing, answered after the commit. A parent's and a root's operations go to the run itself when it has none; one that is refused there is named in `refused` and does not refuse the run's own.",
      headers: REQUEST_KEY_HEADERS,
      replies: {
        200: { description: "The document after the run's own operations", schema: putMetadataReply },
        400: "`Invalid metadata`: whatever the body has wrong, nothing of it was applied; `Invalid or missing run ID`",
        404: "`Task Run not found`",
        413: "`Metadata exceeds maximum size of N bytes`",
        422: "`Cannot update metadata for a completed run`: an hour after its end; or the idempotency key was used for another body",
      },
    },
    async handle(request) {
      const runId = request.param("runId");
      if (!isRunId(runId)) throw new HttpError(400, "Invalid or missing run ID");
      const idempotencyKey = requestKey(request);
      const update = parseUpdate(request);
      const result = await metadata.update({
        environment: request.principal.environment,
        runId,
        update,
        // Without a key nothing is ever compared.
        bodyHash: idempotencyKey === undefined ? "" : hash("sha256", request.body),
        bodyBytes: request.body.byteLength,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
      return reply(result);
    },
  });
}

function parseUpdate(request: RouteRequest<typeof putMetadataBody>) {
  requireJsonContentType(request.header("content-type"));
  const parsed = parseJson(request.body, exceedsDepth, MAX_DEPTH + ENVELOPE_DEPTH);
  const checked = parsed.ok ? request.schema.safeParse(parsed.value) : undefined;
  if (checked?.success !== true) throw new HttpError(400, "Invalid metadata");
  return checked.data;
}

function reply(result: UpdateResult): Reply {
  switch (result.status) {
    case "updated":
      return textReply(200, `{"metadata":${result.metadata}${remarks(result)}}`);
    case "not-found":
      throw new HttpError(404, "Task Run not found");
    case "too-large":
      throw new HttpError(413, `Metadata exceeds maximum size of ${result.limitBytes} bytes`);
    case "completed":
      throw new HttpError(422, "Cannot update metadata for a completed run");
    case "key-reused":
      throw new HttpError(422, "This idempotency key was used for another body");
    case "unavailable":
      throw new HttpError(503, "Metadata cannot be stored at the moment", {
        "retry-after": String(Math.max(1, Math.ceil(result.retryAfterMs / 1000))),
      });
  }
}

/** Fields that official clients ignore: what did not happen to a parent's or a root's document. */
function remarks(result: Extract<UpdateResult, { status: "updated" }>): string {
  const refused = result.refused.length === 0 ? "" : `,"refused":${JSON.stringify(result.refused)}`;
  const ineffective =
    result.ineffective.length === 0 ? "" : `,"ineffective":${JSON.stringify(result.ineffective)}`;
  return refused + ineffective;
}
