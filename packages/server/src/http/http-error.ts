/**
 * Ends the handling of a request with a given reply. Routes throw it for the faults of a caller (4xx) and for what is
 * temporarily not possible (503); anything else that is thrown is a fault of ours and becomes a 500 without details.
 */
export class HttpError extends Error {
  override name = "HttpError";
  readonly status: number;
  /** The reply's JSON body; always has `error`. */
  readonly body: { readonly error: string; readonly [field: string]: unknown };
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    body: string | { readonly error: string; readonly [field: string]: unknown },
    headers: Readonly<Record<string, string>> = {},
  ) {
    const fields = typeof body === "string" ? { error: body } : body;
    super(fields.error);
    this.status = status;
    this.body = fields;
    this.headers = headers;
  }
}

/** The reply to a token whose scopes do not cover what it asks for. */
export function forbidden(): HttpError {
  return new HttpError(403, {
    error: "Unauthorized",
    code: "unauthorized",
    param: "access_token",
    type: "authorization",
  });
}
