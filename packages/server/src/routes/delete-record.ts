import { deleteRecordReply } from "@runmeta/runtime/protocol/schemas";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import {
  expectedVersions,
  IF_MATCH_HEADERS,
  RECORD_ACCESS,
  recordIdParameter,
  recordNotFound,
  staleRecord,
} from "./record-request.ts";

/** `DELETE /v1/records/{id}`: deletes a record for good. */
export function deleteRecordRoute({ records }: Services): Route {
  return defineRoute({
    method: "DELETE",
    path: "/v1/records/:id",
    access: RECORD_ACCESS,
    body: { kind: "none" },
    contract: {
      operationId: "deleteRecord",
      tag: "Records",
      summary: "Delete a record for good",
      headers: IF_MATCH_HEADERS,
      replies: {
        200: { description: "Deleted", schema: deleteRecordReply },
        404: "`Record not found`",
        409: "`If-Match` names another version than the present one",
      },
    },
    async handle(request) {
      const result = await records.delete({
        environment: request.principal.environment,
        id: recordIdParameter(request),
        ifVersions: expectedVersions(request),
      });
      if (result === "deleted") return jsonReply(200, { success: true });
      throw result === "stale" ? staleRecord() : recordNotFound();
    },
  });
}
