import { sessionItem as sessionReply } from "@runmeta/runtime/protocol/schemas";
import { HttpError } from "../http/http-error.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { sessionItem } from "../service/session-view.ts";
import { sessionParameter } from "./session-parameter.ts";

/** `GET /api/v1/sessions/{session}`: a session by id or external id. */
export function retrieveSessionRoute({ sessions }: Services): Route {
  return defineRoute({
    method: "GET",
    path: "/api/v1/sessions/:session",
    access: { kind: "public-token", scopes: ["read:sessions:{session}"] },
    body: { kind: "none" },
    contract: {
      operationId: "retrieveSession",
      tag: "Sessions",
      summary: "Retrieve a session by its id or external id",
      replies: { 200: { description: "The session", schema: sessionReply }, 404: "`Not found`" },
    },
    async handle(request) {
      return jsonReply(200, sessionItem(await sessionParameter(request, sessions, "read", notFound)));
    },
  });
}

function notFound(): HttpError {
  return new HttpError(404, "Not found");
}
