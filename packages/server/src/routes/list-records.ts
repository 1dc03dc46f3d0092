import { listRecordsQuery, listRecordsReply } from "@runmeta/runtime/protocol/schemas";
import { queryParameters } from "../http/query-parameters.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { pageSide } from "../service/cursor-page.ts";
import { recordView } from "../service/record-view.ts";
import type { Services } from "../service/services.ts";
import { RECORD_ACCESS } from "./record-request.ts";

/** `GET /v1/records`: a page of records, newest first. */
export function listRecordsRoute({ records }: Services): Route {
  return defineRoute({
    method: "GET",
    path: "/v1/records",
    access: RECORD_ACCESS,
    body: { kind: "none" },
    query: listRecordsQuery,
    contract: {
      operationId: "listRecords",
      tag: "Records",
      summary: "List records, newest first",
      description:
        "`type` and `name` match exactly. Pages are asked for and described in the words of both APIs: `limit` and `cursor` with `nextCursor`, `prevCursor`, `hasMore`, `hasPrev` as Runtype has them; `page[size]`, `page[after]` and `page[before]` with `next` and `previous` as in the other lists. A cursor is left out where there is nothing more, and stays good when its record is deleted.",
      replies: { 200: { description: "A page of records", schema: listRecordsReply } },
    },
    async handle(request) {
      const query = queryParameters(request);
      const limit = query.limit ?? query["page[size]"];
      const { rows, next, previous } = await records.list({
        environment: request.principal.environment,
        limit,
        ...pageSide(query.cursor ?? query["page[after]"], query["page[before]"]),
        type: query.type,
        name: query.name,
      });
      return jsonReply(200, {
        data: rows.map(recordView),
        pagination: {
          next,
          previous,
          nextCursor: next,
          prevCursor: previous,
          hasMore: next !== undefined,
          hasPrev: previous !== undefined,
          limit,
        },
      });
    },
  });
}
