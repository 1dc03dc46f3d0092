import type { Fetch } from "../http/exchange.ts";
import { parseBaseURL } from "./api-address.ts";
import { ApiClient } from "./api-client.ts";

/** Where records are, when that is not the configured API: Runtype, or a server of the same shape. */
export interface RecordsApi {
  /** For example `https://api.example.com`; a `/v1` at its end may be there or not. */
  readonly baseURL: string;
  /**
   * Sent as `Authorization: Bearer <apiKey>`; where that is answered with 401 also bare, as Runtype's example has it.
   * Never part of an error message.
   */
  readonly apiKey: string;
  /** Sends the requests. @default the global `fetch`, looked up at each call */
  readonly fetch?: Fetch | undefined;
}

/** A client for it. @throws ConfigError for a base URL or a key that cannot be used */
export function recordsClient({ baseURL, apiKey, fetch }: RecordsApi): ApiClient {
  return new ApiClient({
    baseURL: parseBaseURL(baseURL).replace(/\/v1$/, ""),
    accessToken: apiKey,
    fetch,
    triesBareKey: true,
  });
}
