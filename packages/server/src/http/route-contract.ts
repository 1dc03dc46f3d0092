import type { z } from "zod";

/** Headings of the reference, in their order. */
export const ROUTE_TAGS = [
  "Metadata",
  "Runs",
  "Tasks",
  "Batches",
  "Sessions",
  "Realtime",
  "Streams",
  "Records",
  "Tokens",
  "Workers",
  "Server",
] as const;

/**
 * What a route promises, as `GET /openapi.json` shows it. Path parameters, the body and its schema, the query, and the
 * replies of the general table (401, 403, 413, 415, 500, 503) are taken from the route itself and not repeated here.
 */
export interface RouteContract {
  /** Unique name in lower camel case, for generated clients: `retrieveRun`. */
  readonly operationId: string;
  readonly tag: (typeof ROUTE_TAGS)[number];
  /** One line without a full stop. */
  readonly summary: string;
  /** What a caller has to know beyond that: repeatability, order, waiting. */
  readonly description?: string;
  /** Request headers with a meaning of their own, by name, for example {@link REQUEST_KEY_HEADERS}. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Replies by status. A text stands for `{ "error": … }` and says which one, or when. */
  readonly replies: Readonly<Record<number, string | ReplyContract>>;
}

/** One reply with a body of its own. */
export interface ReplyContract {
  readonly description: string;
  /** What clients parse the body with; undefined for a reply without a body. */
  readonly schema?: z.ZodType;
  /** Media type, JSON unless given. */
  readonly mediaType?: string;
  /** Response headers by name, with what they hold. */
  readonly headers?: Readonly<Record<string, string>>;
}
