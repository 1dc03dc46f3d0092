import { HttpError } from "../http/http-error.ts";
import type { TriggerRefusal } from "../service/trigger-request.ts";

const STATUS: Readonly<Record<TriggerRefusal["reason"], number>> = {
  "task-not-found": 404,
  "invalid-metadata": 400,
  "metadata-too-large": 413,
  unprocessable: 422,
};

/** The reply to a trigger that was refused. */
export function triggerRefusal(refusal: TriggerRefusal): HttpError {
  return new HttpError(STATUS[refusal.reason], refusal.message);
}
