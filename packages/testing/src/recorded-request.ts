/** A request as an endpoint saw it. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; the text where it is none; undefined without a body. */
  readonly body: unknown;
  /** The answer's status; undefined while there is none, and when the connection broke. */
  readonly status: number | undefined;
  /** Why no answer came: the code of the fault, or what ended the request. */
  readonly fault: string | undefined;
  /** When it came, on the clock. */
  readonly at: number;
}
