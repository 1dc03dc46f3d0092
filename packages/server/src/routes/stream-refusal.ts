import { HttpError } from "../http/http-error.ts";
import { RunGoneError, StreamFullError, TooManyStreamsError } from "../service/streams/stream-errors.ts";
import { runNotFound } from "./stream-parameter.ts";

/** What a writer is answered when its chunks cannot be stored; any other error stays as it is. */
export function streamRefusal(error: unknown, headers: Readonly<Record<string, string>> = {}): unknown {
  if (error instanceof StreamFullError) return new HttpError(413, error.message, headers);
  if (error instanceof TooManyStreamsError) return new HttpError(422, error.message, headers);
  if (error instanceof RunGoneError) return runNotFound(headers);
  return error;
}
