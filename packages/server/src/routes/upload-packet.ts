import { HttpError } from "../http/http-error.ts";
import { readBody } from "../http/read-body.ts";
import { textReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";

/** Largest payload that can be uploaded, in bytes: 10 MiB, as the hosted service allows. */
const LIMIT_BYTES = 10 * 1024 * 1024;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `PUT /uploads/{packetId}`: the upload itself. Clients send no key here; the path cannot be guessed and expires. */
export function uploadPacketRoute({ packets }: Services): Route {
  return defineRoute({
    method: "PUT",
    path: "/uploads/:packetId",
    access: { kind: "open" },
    // Any text in any format: there is no schema for it, so it is read below.
    body: { kind: "none" },
    contract: {
      operationId: "uploadPacket",
      tag: "Tasks",
      summary: "Upload a large payload",
      description:
        "The body is UTF-8 text of at most 10 MiB in the format that the content type names. Repeatable. The path comes from a call of createPacketUpload.",
      replies: {
        200: { description: "It is stored" },
        400: "`Request body is not valid UTF-8`",
        404: "`Not found`: no such upload, or its hour is over",
        413: "`Request body too large`",
      },
    },
    async handle(request) {
      const body = await readBody(request.call, LIMIT_BYTES);
      const dataType = formatOf(request.header("content-type"));
      if (!(await packets.write(request.param("packetId"), { data: textOf(body), dataType })))
        throw new HttpError(404, "Not found");
      return textReply(200, null);
    },
  });
}

function textOf(body: Uint8Array): string {
  try {
    return decoder.decode(body);
  } catch {
    throw new HttpError(400, "Request body is not valid UTF-8");
  }
}

function formatOf(contentType: string | undefined): string {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() || "application/json";
}
