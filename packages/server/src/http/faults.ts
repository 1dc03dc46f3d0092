import { StorageError } from "../storage/storage.ts";
import { errorReply, type Reply } from "./reply.ts";

/** Answers requests that failed by no fault of the caller, and reports why. */
export class Faults {
  readonly #onError: (error: unknown) => void;
  #closing = false;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** From now on a request that comes too late for the storage is answered and not reported: there may be thousands. */
  expectClosedStorage(): void {
    this.#closing = true;
  }

  reply(error: unknown): Reply {
    const unavailable = error instanceof StorageError && error.code === "STORAGE_UNAVAILABLE";
    if (!(unavailable && this.#closing)) this.#onError(error);
    return unavailable
      ? errorReply(503, "Storage is not available at the moment", { "retry-after": "1" })
      : errorReply(500, "Internal Server Error");
  }
}
