import { metadataHistoryQuery, metadataHistoryReply } from "@runmeta/runtime/protocol/schemas";
import { HttpError } from "../http/http-error.ts";
import { queryParameters } from "../http/query-parameters.ts";
import { textReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import type { StoredHistory } from "../storage/storage.ts";
import { readPermissions } from "./read-permissions.ts";
import { runIdParameter } from "./run-id-parameter.ts";

/** `GET /api/v1/runs/{runId}/metadata/history`: how a run's document became what it is. */
export function metadataHistoryRoute({ runs, history, maximumSizeBytes }: Services): Route {
  return defineRoute({
    method: "GET",
    path: "/api/v1/runs/:runId/metadata/history",
    access: {
      kind: "public-token",
      scopes: ["read:runs:{runId}", "read:tasks:{task}", "read:tags:{tag}", "read:batch:{batchId}"],
    },
    body: { kind: "none" },
    query: metadataHistoryQuery,
    contract: {
      operationId: "listMetadataChanges",
      tag: "Metadata",
      summary: "List the changes of a run's document, oldest first",
      description:
        "`base.document` with the operations of `changes`, applied in order, is the document. A change is what was written together. The newest are kept, 500 to 1,000 changes or 128 to 256 KB; older ones are folded into `base`. With an `after` that is older than `base.version` the whole history comes.",
      replies: {
        200: { description: "The history", schema: metadataHistoryReply },
        404: "`Run not found`",
      },
    },
    async handle(request) {
      const { after } = queryParameters(request);
      const id = runIdParameter(request, notFound);
      const { environment } = request.principal;
      const run = await runs.find(environment, id);
      request.authorize(readPermissions(id, run));
      const found = run && (await history.read(environment, id, after));
      if (found === undefined) throw notFound();
      return textReply(200, historyText(found, maximumSizeBytes));
    },
  });
}

function notFound(): HttpError {
  return new HttpError(404, "Run not found");
}

/** Documents and operations are JSON texts, and passed on as they are. */
function historyText({ base, changes }: StoredHistory, limitBytes: number): string {
  const baseText =
    base === undefined
      ? ""
      : `"base":{"version":${base.version},"at":"${base.at.toISOString()}","document":${base.document}},`;
  const changeTexts = changes.map(
    ({ version, at, attempt, operations }) =>
      `{"version":${version},"at":"${at.toISOString()}","attempt":${attempt},"operations":${operations}}`,
  );
  return `{"limitBytes":${limitBytes},${baseText}"changes":[${changeTexts.join(",")}]}`;
}
