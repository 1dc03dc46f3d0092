import { exceedsDepth } from "@runmeta/runtime/protocol";
import { publicTokenBody, publicTokenReply } from "@runmeta/runtime/protocol/schemas";
import type { z } from "zod";
import { secondsOf } from "../auth/public-token.ts";
import { onlyReads } from "../auth/scopes.ts";
import { HttpError } from "../http/http-error.ts";
import { parseJson, requireJsonContentType } from "../http/parse-json.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route, type RouteRequest } from "../http/route.ts";
import type { Clock } from "../service/clock.ts";
import { parseDurationSeconds } from "../service/duration.ts";

/** Above a thousand scopes of usual length. */
const LIMIT_BYTES = 256 * 1024;

/** As official clients sign. */
const DEFAULT_SECONDS = 15 * 60;
const MAX_SECONDS = 30 * 86_400;

/** `POST /api/v1/auth/public-tokens`: a token signed by the server. */
export function publicTokensRoute(clock: Clock): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v1/auth/public-tokens",
    access: { kind: "secret-key", unauthorized: "Invalid or Missing API key", reads: true },
    body: { kind: "json", schema: publicTokenBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: "createPublicToken",
      tag: "Tokens",
      summary: "Create a public token",
      description:
        "Good for 15 minutes unless `expirationTime` says otherwise, at most 30 days. It dies with the key that asked for it.",
      replies: {
        200: { description: "The token", schema: publicTokenReply },
        400: "`Invalid request body` with `issues`, `Invalid expiration time`, `Expiration time must be in the future`, or `Expiration time cannot exceed 30 days`",
        403: "`Requested scopes exceed the API key's access`, with `deniedScopes`: a read-only key gives scopes that read",
      },
    },
    async handle(request) {
      const { scopes, expirationTime, oneTimeUse, realtime } = parseGrant(request);
      const expiresAt = expiryOf(expirationTime, secondsOf(clock.now()));
      const { principal } = request;
      const deniedScopes = principal.readOnly ? scopes.filter((scope) => !onlyReads(scope)) : [];
      if (deniedScopes.length > 0) {
        throw new HttpError(403, {
          error: "Requested scopes exceed the API key's access",
          code: "scopes_exceed_key_access",
          deniedScopes,
        });
      }
      return jsonReply(200, { token: await request.issueToken({ scopes, expiresAt, oneTimeUse, realtime }) });
    },
  });
}

function expiryOf(given: string | number | undefined, now: number): number {
  const seconds =
    typeof given === "string" ? parseDurationSeconds(given.replaceAll(" ", "")) : DEFAULT_SECONDS;
  const expiresAt = typeof given === "number" ? given : seconds === undefined ? undefined : now + seconds;
  if (expiresAt === undefined || !Number.isSafeInteger(expiresAt)) {
    throw new HttpError(400, "Invalid expiration time");
  }
  if (expiresAt <= now) throw new HttpError(400, "Expiration time must be in the future");
  if (expiresAt > now + MAX_SECONDS) throw new HttpError(400, "Expiration time cannot exceed 30 days");
  return expiresAt;
}

function parseGrant(request: RouteRequest<typeof publicTokenBody>): z.output<typeof publicTokenBody> {
  requireJsonContentType(request.header("content-type"));
  const parsed = parseJson(request.body, exceedsDepth);
  const checked = request.schema.safeParse(parsed.ok ? parsed.value : undefined);
  if (checked.success) return checked.data;
  throw new HttpError(400, { error: "Invalid request body", issues: checked.error.issues.slice(0, 10) });
}
