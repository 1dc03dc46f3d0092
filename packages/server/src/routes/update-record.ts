import { MAX_BODY_BYTES } from "@runmeta/runtime/protocol";
import { recordReply, updateRecordBody } from "@runmeta/runtime/protocol/schemas";
import { jsonBody } from "../http/json-body.ts";
import { REQUEST_KEY_HEADERS, requestKey } from "../http/request-key.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import {
  expectedVersions,
  IF_MATCH_HEADERS,
  RECORD_ACCESS,
  RECORD_HEADERS,
  recordAnswer,
  recordIdParameter,
  recordNotFound,
  staleRecord,
} from "./record-request.ts";

/** `PUT /v1/records/{id}`: writes the given fields of a record; metadata and messages are replaced whole. */
export function updateRecordRoute({ records }: Services): Route {
  return defineRoute({
    method: "PUT",
    path: "/v1/records/:id",
    access: RECORD_ACCESS,
    body: { kind: "json", schema: updateRecordBody, limitBytes: MAX_BODY_BYTES },
    contract: {
      operationId: "updateRecord",
      tag: "Records",
      summary: "Write fields of a record",
      description: "What is left out stays as it is; a given `metadata` or `messages` replaces the whole.",
      headers: { ...REQUEST_KEY_HEADERS, ...IF_MATCH_HEADERS },
      replies: {
        200: { description: "The record as it is now", schema: recordReply, headers: RECORD_HEADERS },
        404: "`Record not found`",
        409: "`If-Match` names another version than the present one",
      },
    },
    async handle(request) {
      const id = recordIdParameter(request);
      const key = requestKey(request);
      const fields = jsonBody(request);
      const { environment } = request.principal;
      const result = await records.update(
        { environment, id, requestKey: key, ifVersions: expectedVersions(request) },
        fields,
      );
      if (result.status === "ok") return recordAnswer(200, result.record);
      throw result.status === "stale" ? staleRecord() : recordNotFound();
    },
  });
}
