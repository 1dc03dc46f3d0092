import { exceedsDepth, isPrintable, MAX_TAG_LENGTH } from "@runmeta/runtime/protocol";
import { addTagsReply } from "@runmeta/runtime/protocol/schemas";
import { z } from "zod";
import { HttpError } from "../http/http-error.ts";
import { parseJson, requireJsonContentType } from "../http/parse-json.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route, type RouteRequest } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { runIdParameter } from "./run-id-parameter.ts";

/** Far above ten tags of full length. */
const LIMIT_BYTES = 64 * 1024;

const tag = z.string().max(MAX_TAG_LENGTH).refine(isPrintable, "Must not contain control characters");
const addTagsBody = z.object({ tags: z.union([tag, z.array(tag).max(1000)]) });

/** `POST /api/v1/runs/{runId}/tags`: adds tags to a run, ten in all. */
export function addTagsRoute({ runs }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v1/runs/:runId/tags",
    access: { kind: "secret-key", unauthorized: "Invalid or Missing API Key" },
    body: { kind: "json", schema: addTagsBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: "addRunTags",
      tag: "Runs",
      summary: "Add tags to a run, ten in all",
      replies: {
        200: { description: "How many were new", schema: addTagsReply },
        400: "`Invalid request body`, with `issues`",
        404: "`Run not found`",
        422: "More than ten tags",
      },
    },
    async handle(request) {
      const id = runIdParameter(request, notFound);
      const { tags } = parseTags(request);
      const result = await runs.addTags(request.principal.environment, id, tags);
      if (result === undefined) throw notFound();
      if (!result.ok) throw new HttpError(422, result.message);
      const count = result.added.length;
      return jsonReply(200, {
        message: count === 0 ? "No new tags to add" : `Successfully set ${count} new tags.`,
      });
    },
  });
}

function parseTags(request: RouteRequest<typeof addTagsBody>): z.output<typeof addTagsBody> {
  requireJsonContentType(request.header("content-type"));
  const parsed = parseJson(request.body, exceedsDepth);
  const checked = request.schema.safeParse(parsed.ok ? parsed.value : undefined);
  if (checked.success) return checked.data;
  throw new HttpError(400, { error: "Invalid request body", issues: checked.error.issues.slice(0, 10) });
}

function notFound(): HttpError {
  return new HttpError(404, "Run not found");
}
