import type { Clock } from "../clock.ts";
import type { ExchangeResult } from "../http/exchange.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import { DEDUPE_HEADER } from "../protocol/idempotency-key.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { ReadResult, RemoteProblem, SendResult } from "./target.ts";

/** Statuses that mean "not now": the request was not dealt with. */
const NOT_NOW = new Set([408, 409, 425, 429]);

/** A client's fault that no repetition mends. */
function isDefinitive(status: number): boolean {
  return status >= 400 && status < 500 && status !== 401 && !NOT_NOW.has(status);
}

/** Makes a document of a reply's `metadata`; what is no object then is none. */
type ReadMetadata = (metadata: unknown) => unknown;

const asItIs: ReadMetadata = (metadata) => metadata;

/** What an exchange means for the batch it carried. */
export function interpretReply(result: ExchangeResult, clock: Clock, readMetadata = asItIs): SendResult {
  const deduplicates = result.headers === undefined ? undefined : result.headers.get(DEDUPE_HEADER) === "1";
  if (result.kind === "fault") {
    return {
      kind: "retry",
      reason: result.reason,
      retryAfterMs: undefined,
      maybeApplied: result.maybeSent,
      deduplicates,
      cause: result.cause,
    };
  }
  const { status, headers, text } = result;
  if (status >= 200 && status < 300) return accepted(result, deduplicates === true, readMetadata);
  if (status >= 300 && status < 400) {
    return {
      kind: "paused",
      code: "MISCONFIGURED",
      message: `The endpoint answered with a redirect (${status}) to ${originOf(headers.get("location"))}, which is not followed. Configure the final URL.`,
    };
  }
  if (status === 401) {
    return {
      kind: "paused",
      code: "UNAUTHORIZED",
      message: `The endpoint refused the API key (401: ${errorText(text)}). Writes are kept until the key changes or flush() is called.`,
    };
  }
  if (NOT_NOW.has(status) || status >= 500) {
    return {
      kind: "retry",
      reason: `${status}: ${errorText(text)}`,
      retryAfterMs: retryAfterMs(headers.get("retry-after"), clock),
      // A gateway, or a server that broke down half way, may have passed it on.
      // An endpoint that deduplicates also answers 503 when its database went away in the middle of a commit.
      maybeApplied: status >= 500 && (status !== 503 || deduplicates === true),
      deduplicates,
      cause: new Error(`the endpoint answered ${status}: ${errorText(text)}`),
    };
  }
  return { kind: "refused", status, message: errorText(text), deduplicates };
}

/** What an exchange that read the document brought. */
export function interpretRead(result: ExchangeResult, clock: Clock, readMetadata = asItIs): ReadResult {
  if (result.kind === "fault") {
    return {
      kind: "failed",
      message: result.reason,
      status: undefined,
      definitive: false,
      retryAfterMs: undefined,
      cause: result.cause,
    };
  }
  const document =
    result.status === 200 && !result.truncated ? documentOf(parse(result.text), readMetadata) : undefined;
  if (document !== undefined) {
    return { kind: "document", document, deduplicates: result.headers.get(DEDUPE_HEADER) === "1" };
  }
  const message = `reading the document was answered ${result.status}: ${errorText(result.text)}`;
  return {
    kind: "failed",
    message,
    status: result.status,
    definitive: isDefinitive(result.status),
    retryAfterMs: retryAfterMs(result.headers.get("retry-after"), clock),
    cause: new Error(message),
  };
}

function accepted(
  result: Extract<ExchangeResult, { kind: "reply" }>,
  deduplicates: boolean,
  readMetadata: ReadMetadata,
): SendResult {
  const parsed = result.truncated ? undefined : parse(result.text);
  const document = documentOf(parsed, readMetadata);
  const isJson = parsed !== undefined || /\bjson\b/i.test(result.headers.get("content-type") ?? "");
  if (!isJson && !result.truncated && !deduplicates && result.status !== 204) {
    return {
      kind: "paused",
      code: "MISCONFIGURED",
      message: `The endpoint answered ${result.status} with something that is not JSON: is a proxy or a login page in between? Writes are kept.`,
    };
  }
  const problem = result.truncated ? "too long" : "not { metadata: object }";
  return {
    kind: "acknowledged",
    document,
    deduplicates,
    refused: problemsOf(parsed, "refused"),
    ineffective: problemsOf(parsed, "ineffective"),
    warning:
      document === undefined && result.status !== 204
        ? `The endpoint stored a metadata update, but its reply was ${problem}; the local document goes on as it is.`
        : undefined,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function documentOf(parsed: unknown, readMetadata: ReadMetadata): JsonObject | undefined {
  if (typeof parsed !== "object" || parsed === null || !("metadata" in parsed)) return undefined;
  const metadata = readMetadata(parsed.metadata);
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) return undefined;
  return metadata as JsonObject;
}

/** The reply's extra fields `refused` and `ineffective`, which only our server sends. */
function problemsOf(parsed: unknown, field: "refused" | "ineffective"): RemoteProblem[] {
  if (typeof parsed !== "object" || parsed === null) return [];
  const list = (parsed as Record<string, unknown>)[field];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: { target?: unknown; message?: unknown; key?: unknown } | null) =>
    item?.target === "parent" || item?.target === "root"
      ? [{ target: item.target, message: String(item.message ?? item.key ?? "") }]
      : [],
  );
}

function errorText(text: string): string {
  const parsed = parse(text);
  const error =
    typeof parsed === "object" && parsed !== null ? (parsed as { error?: unknown }).error : undefined;
  return (typeof error === "string" ? error : text).slice(0, 200);
}

function originOf(location: string | null): string {
  if (location === null) return "nowhere";
  try {
    return new URL(location).origin;
  } catch {
    return "another path";
  }
}
