import type { ExchangeResult } from "../http/exchange.ts";
import type { Endpoint } from "../target/endpoint.ts";

/** Where streams are written to and read from. `ApiClient` is one. */
export interface StreamEndpoint extends Endpoint {
  openEvents(
    path: string,
    options: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ): Promise<
    | { readonly kind: "events"; readonly headers: Headers; readonly body: ReadableStream<Uint8Array> }
    | ExchangeResult
  >;
}

/** Whose stream: of the run that the path names, or of a relative of it that only the server knows. */
export type StreamTarget = "self" | "parent" | "root";

/** The path under which a stream is written. */
export function writePath(runId: string, target: StreamTarget, key: string): string {
  return `${readPath(runId, target)}/${encodeURIComponent(key)}`;
}

/** The path under which a stream is read. */
export function readPath(runId: string, key: string): string {
  return `/realtime/v1/streams/${encodeURIComponent(runId)}/${encodeURIComponent(key)}`;
}
