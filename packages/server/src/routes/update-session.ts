import { MAX_SESSION_UPDATE_BYTES } from "@runmeta/runtime/protocol";
import { sessionItem as sessionReply, updateSessionBody } from "@runmeta/runtime/protocol/schemas";
import { HttpError } from "../http/http-error.ts";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { sessionItem } from "../service/session-view.ts";
import { sessionParameter } from "./session-parameter.ts";

/**
 * `PATCH /api/v1/sessions/{session}`: replaces a session's tags, its metadata, or both. Of two at once the last one wins.
 * A body that is too large or wrong is 422 here, not 413 or 400.
 */
export function updateSessionRoute({ sessions }: Services): Route {
  return defineRoute({
    method: "PATCH",
    path: "/api/v1/sessions/:session",
    access: { kind: "public-token", scopes: ["admin:sessions:{session}"] },
    body: {
      kind: "json",
      schema: updateSessionBody,
      limitBytes: MAX_SESSION_UPDATE_BYTES,
      tooLarge: 422,
    },
    contract: {
      operationId: "updateSession",
      tag: "Sessions",
      summary: "Replace a session's tags or metadata",
      description:
        "What is left out stays as it is. `metadata` replaces the whole document, `null` clears it; of two updates at once the last one wins. Closed sessions can be updated.",
      replies: {
        200: { description: "The session as it is now", schema: sessionReply },
        404: "`Session not found`",
        422: "A body of more than 32 KB or of another form, or an `externalId` other than the session's",
      },
    },
    async handle(request) {
      const { externalId, tags, metadata } = jsonBody(request, 422);
      const session = await sessionParameter(request, sessions, "admin", notFound);
      if (externalId !== undefined && externalId !== (session.externalId ?? null)) {
        throw new HttpError(
          422,
          "externalId cannot be changed after creation; close this session and create a new one with the desired externalId",
        );
      }
      const updated = await sessions.update(session, {
        tags,
        metadata: metadata === undefined || metadata === null ? metadata : JSON.stringify(metadata),
      });
      if (updated === undefined) throw notFound();
      return jsonReply(200, sessionItem(updated));
    },
  });
}

function notFound(): HttpError {
  return new HttpError(404, "Session not found");
}
