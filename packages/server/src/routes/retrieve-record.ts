import { recordReply } from "@runmeta/runtime/protocol/schemas";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import {
  RECORD_ACCESS,
  RECORD_HEADERS,
  recordAnswer,
  recordIdParameter,
  recordNotFound,
} from "./record-request.ts";

/** `GET /v1/records/{id}`: a record. */
export function retrieveRecordRoute({ records }: Services): Route {
  return defineRoute({
    method: "GET",
    path: "/v1/records/:id",
    access: RECORD_ACCESS,
    body: { kind: "none" },
    contract: {
      operationId: "retrieveRecord",
      tag: "Records",
      summary: "Retrieve a record",
      replies: {
        200: { description: "The record", schema: recordReply, headers: RECORD_HEADERS },
        404: "`Record not found`",
      },
    },
    async handle(request) {
      const record = await records.find(request.principal.environment, recordIdParameter(request));
      if (record === undefined) throw recordNotFound();
      return recordAnswer(200, record);
    },
  });
}
