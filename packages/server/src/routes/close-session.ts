import { closeSessionBody, sessionItem as sessionReply } from "@runmeta/runtime/protocol/schemas";
import { HttpError } from "../http/http-error.ts";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { sessionItem } from "../service/session-view.ts";
import { sessionParameter } from "./session-parameter.ts";

/** Above a reason of full length. */
const LIMIT_BYTES = 1024;

/** `POST /api/v1/sessions/{session}/close`: closes a session for good. Repeatable; the first reason stays. */
export function closeSessionRoute({ sessions }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v1/sessions/:session/close",
    access: { kind: "public-token", scopes: ["admin:sessions:{session}"] },
    body: { kind: "json", schema: closeSessionBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: "closeSession",
      tag: "Sessions",
      summary: "Close a session for good",
      description:
        "Repeatable: the first close and its reason stay. Its run goes on until it ends by itself.",
      replies: {
        200: { description: "The session as it is now", schema: sessionReply },
        404: "`Session not found`",
      },
    },
    async handle(request) {
      const { reason } = jsonBody(request);
      const session = await sessionParameter(request, sessions, "admin", notFound);
      const closed = await sessions.close(session, reason);
      if (closed === undefined) throw notFound();
      return jsonReply(200, sessionItem(closed));
    },
  });
}

function notFound(): HttpError {
  return new HttpError(404, "Session not found");
}
