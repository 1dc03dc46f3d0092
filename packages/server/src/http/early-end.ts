import { HttpError } from "./http-error.ts";

/** A body that ended before its end: the client went away, or its connection broke. */
export class EarlyEnd extends HttpError {
  override name = "EarlyEnd";

  constructor(cause: unknown) {
    super(400, "Request body ended early");
    this.cause = cause;
  }
}
