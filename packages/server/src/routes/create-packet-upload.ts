import { packetUploadReply } from "@runmeta/runtime/protocol/schemas";
import { publicOrigin } from "../http/public-origin.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";

/** `PUT /api/v2/packets/{name}`: a place to upload a payload of 128 KiB or more to, before it is triggered. */
export function createPacketUploadRoute({ packets, publicURL }: Services): Route {
  return defineRoute({
    method: "PUT",
    path: "/api/v2/packets/:name{.+}",
    access: { kind: "secret-key" },
    body: { kind: "none" },
    contract: {
      operationId: "createPacketUpload",
      tag: "Tasks",
      summary: "Get a place to upload a large payload to",
      description:
        "Put the text to `presignedUrl` within an hour, with its format as content type, then trigger with `storagePath` as `payload` and `application/store` as `options.payloadType`. The name in the path has no meaning here.",
      replies: { 200: { description: "Where to put it, and how to name it", schema: packetUploadReply } },
    },
    async handle(request) {
      const id = await packets.reserve(request.principal.environment);
      const presignedUrl = `${publicOrigin(request.raw, publicURL)}/uploads/${id}`;
      return jsonReply(200, { presignedUrl, storagePath: id });
    },
  });
}
