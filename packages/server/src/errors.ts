/**
 * Errors of this package. Recognise them by `code`; messages say what happened and what to do.
 */

/** Codes of the errors that a caller of this package can meet; a code never changes its meaning. */
export type ServerErrorCode = "RUNMETA_SERVER_CONFIG" | "RUNMETA_SERVER_CLOSED";

/** Base of the errors that runmeta's server throws at its caller (faults of a request are replies, not errors). */
export class ServerError extends Error {
  override name = "ServerError";
  readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Thrown when an option of `createServer` or `listen` is missing, malformed or unsafe. Nothing was started. */
export class ServerConfigError extends ServerError {
  override name = "ServerConfigError";

  constructor(message: string, options?: { cause?: unknown }) {
    super("RUNMETA_SERVER_CONFIG", message, options);
  }
}
