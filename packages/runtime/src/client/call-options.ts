import {
  type ApiReply,
  type ApiRequestOptions,
  mergeRequestOptions,
  type RequestOptions,
} from "./api-client.ts";
import { type ClientConfiguration, requireApiClient, withConfiguration } from "./configure.ts";

/** How one call to the API is made; what is left out is as `configure` says. */
export interface CallOptions extends RequestOptions {
  /** Ends the call, its waits included; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Another API or another key, for this call and what it waits for. */
  readonly clientConfig?: ClientConfiguration | undefined;
}

/** Calls `body`, whose requests are made as the options say; the signal is for `body` to use. */
export function withCallOptions<T>(call: CallOptions | undefined, body: () => T): T {
  const { clientConfig, retry, additionalHeaders } = call ?? {};
  if (clientConfig === undefined && retry === undefined && additionalHeaders === undefined) return body();
  const requestOptions = mergeRequestOptions(clientConfig?.requestOptions, { retry, additionalHeaders });
  return withConfiguration({ ...clientConfig, requestOptions }, body);
}

/**
 * One call to the API.
 * @throws ConfigError when none is configured; ApiError
 */
export async function callApi(
  method: "GET" | "PATCH" | "POST",
  path: string,
  request: Pick<ApiRequestOptions, "body" | "query">,
  call: CallOptions | undefined,
): Promise<ApiReply> {
  return withCallOptions(call, () =>
    requireApiClient().send(method, path, { ...request, signal: call?.signal }),
  );
}
