import { MAX_BODY_BYTES } from "@runmeta/runtime/protocol";
import { createRecordBody, recordReply } from "@runmeta/runtime/protocol/schemas";
import { jsonBody } from "../http/json-body.ts";
import { REQUEST_KEY_HEADERS, requestKey } from "../http/request-key.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { RECORD_ACCESS, RECORD_HEADERS, recordAnswer, recordConflict } from "./record-request.ts";

/** `POST /v1/records`: makes a record. Repeatable with a request key. */
export function createRecordRoute({ records }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/v1/records",
    access: RECORD_ACCESS,
    body: { kind: "json", schema: createRecordBody, limitBytes: MAX_BODY_BYTES },
    contract: {
      operationId: "createRecord",
      tag: "Records",
      summary: "Make a record",
      description:
        "As in the Runtype API, with an optional `id` of your own. Metadata has no limit but that of the body. Unlike there, two records may have the same type and name.",
      headers: REQUEST_KEY_HEADERS,
      replies: {
        201: { description: "The record", schema: recordReply, headers: RECORD_HEADERS },
        409: "A record with this id exists already",
      },
    },
    async handle(request) {
      const key = requestKey(request);
      const fields = jsonBody(request);
      const { environment } = request.principal;
      const record = await records.create({ ...fields, environment, requestKey: key });
      if (record === undefined) throw recordConflict("A record with this id exists already");
      return recordAnswer(201, record);
    },
  });
}
