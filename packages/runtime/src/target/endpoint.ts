import type { ExchangeResult } from "../http/exchange.ts";

/** Sends one request to the API, once; faults are values. `ApiClient` is one. */
export interface Endpoint {
  sendOnce(
    method: string,
    path: string,
    options: {
      readonly body?: string | undefined;
      readonly headers?: Readonly<Record<string, string>>;
      readonly timeoutMs: number;
      readonly signal: AbortSignal;
      readonly maxReplyBytes: number;
    },
  ): Promise<ExchangeResult>;
}
