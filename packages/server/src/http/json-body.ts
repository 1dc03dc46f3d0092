import { exceedsDepth } from "@runmeta/runtime/protocol";
import type { z } from "zod";
import { HttpError } from "./http-error.ts";
import { MAX_BODY_DEPTH, parseJson, requireJsonContentType } from "./parse-json.ts";
import type { RouteRequest } from "./route.ts";
import { validationMessage } from "./validation-message.ts";

/**
 * The body of a request as the schema of its route gives it, refused in the words of the general table: empty (unless
 * the schema takes `undefined`), not JSON (`null` included), or not what the schema wants.
 *
 * @throws HttpError `refusal`, or 415 for another content type
 */
export function jsonBody<Schema extends z.ZodType>(
  request: Pick<RouteRequest<Schema>, "body" | "schema" | "header">,
  refusal: 400 | 422 = 400,
): z.output<Schema> {
  const { body, schema } = request;
  if (body.byteLength === 0) {
    const absent = schema.safeParse(undefined);
    if (absent.success) return absent.data;
  }
  requireJsonContentType(request.header("content-type"));
  const parsed = parseJson(body, exceedsDepth);
  if (!parsed.ok && parsed.fault === "empty") throw new HttpError(refusal, "Request body is empty");
  if (!parsed.ok && parsed.fault === "depth") {
    throw new HttpError(refusal, `Validation error: nested deeper than ${MAX_BODY_DEPTH} levels`);
  }
  if (!parsed.ok || parsed.value === null) throw new HttpError(refusal, "Invalid JSON");
  const checked = schema.safeParse(parsed.value);
  if (!checked.success) throw new HttpError(refusal, validationMessage(checked.error));
  return checked.data;
}
