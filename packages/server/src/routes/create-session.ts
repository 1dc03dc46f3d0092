import { MAX_SESSION_UPDATE_BYTES } from "@runmeta/runtime/protocol";
import { createdSessionReply, createSessionBody } from "@runmeta/runtime/protocol/schemas";
import { permission } from "../auth/scopes.ts";
import { HttpError } from "../http/http-error.ts";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { REQUEST_KEY_HEADERS, requestKey } from "../http/request-key.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { sessionItem } from "../service/session-view.ts";
import { triggerRefusal } from "./trigger-refusal.ts";

/** `POST /api/v1/sessions`: creates a session with its first run, or takes up the one of that `externalId`. */
export function createSessionRoute({ sessions }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v1/sessions",
    access: { kind: "public-token", scopes: ["write:tasks:{taskIdentifier}", "write:sessions"] },
    body: { kind: "json", schema: createSessionBody, limitBytes: MAX_SESSION_UPDATE_BYTES },
    contract: {
      operationId: "createSession",
      tag: "Sessions",
      summary: "Create a session and trigger its first run",
      description:
        "The same `externalId` is the same session: its tags and metadata stay, `triggerConfig` is taken over, and a run that has ended is followed by another one.",
      headers: REQUEST_KEY_HEADERS,
      replies: {
        200: { description: "The session was there", schema: createdSessionReply },
        201: { description: "The session is new", schema: createdSessionReply },
        404: "`Task not found`",
        409: "`Session is closed; use a different externalId to create a new session`, or expired",
        422: "A run of this `triggerConfig` cannot be triggered",
      },
    },
    async handle(request) {
      const key = requestKey(request);
      const { taskIdentifier, ...body } = jsonBody(request);
      request.authorize([permission("write", "tasks", taskIdentifier), permission("write", "sessions")]);
      const { environment } = request.principal;
      const result = await sessions.create({ ...body, environment, task: taskIdentifier, requestKey: key });
      if (!result.ok) throw "message" in result ? triggerRefusal(result) : notUsable(result.reason);
      const { session, runId, isCached } = result;
      const name = session.externalId ?? session.id;
      const scopes = [`read:sessions:${name}`, `write:sessions:${name}`];
      const publicAccessToken = await request.issueToken({ scopes });
      return jsonReply(isCached ? 200 : 201, { ...sessionItem(session), runId, publicAccessToken, isCached });
    },
  });
}

/** `false`: official clients would otherwise ask for 9 s what stays refused. */
function notUsable(reason: "closed" | "expired"): HttpError {
  const text = `Session is ${reason}; use a different externalId to create a new session`;
  return new HttpError(409, text, { "x-should-retry": "false" });
}
