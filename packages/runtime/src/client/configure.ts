import {
  type ClientOverride,
  currentClientOverride,
  currentScope,
  runWithClientOverride,
} from "../context/context-storage.ts";
import { ConfigError } from "../errors.ts";
import { ApiClient, type ApiClientOptions, mergeRequestOptions } from "./api-client.ts";

/** What {@link configure} takes; what is left out comes from the environment. */
export interface ClientConfiguration
  extends Partial<
    Pick<ApiClientOptions, "accessToken" | "baseURL" | "fetch" | "requestOptions" | "requestTimeoutMs">
  > {
  /** @deprecated The SDK's older name of `accessToken`, which wins where both are given. */
  readonly secretKey?: string;
}

type GivenConfiguration = { readonly [K in keyof ClientConfiguration]: ClientConfiguration[K] | undefined };

/** Where a run keeps the client of its own API, in `scope.attachments`. */
export const apiClientKey: unique symbol = Symbol.for("runmeta.api-client");

const slot = Symbol.for("runmeta.client-configuration.v1");
// Shared by all copies of the package in the process, as the run context is.
const shared = globalThis as { [slot]?: ClientConfiguration };

/**
 * Sets where this process calls the API, in place of what was set before. Nothing is sent and nothing is checked here:
 * a call without a URL or a key throws ConfigError.
 *
 * @example
 * configure({ baseURL: "http://127.0.0.1:3030", accessToken: process.env.MY_KEY });
 */
export function configure(configuration: GivenConfiguration): void {
  shared[slot] = whatIsGiven(configuration);
}

function whatIsGiven({ secretKey, ...others }: GivenConfiguration): ClientConfiguration {
  const named = { ...others, accessToken: others.accessToken ?? secretKey };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

function fromEnvironment(name: string): string | undefined {
  const value = globalThis.process?.env[name];
  return value === undefined || value === "" ? undefined : value;
}

function ownClient(): ApiClient | undefined {
  // Whoever opens a run puts an ApiClient there, possibly of another copy of this package: same methods.
  return currentScope()?.attachments.get(apiClientKey) as ApiClient | undefined;
}

function resolve(): {
  baseURL: string | undefined;
  accessToken: string | undefined;
  rest: ClientConfiguration;
} {
  const override: ClientConfiguration = currentClientOverride()?.options ?? {};
  const configured = shared[slot];
  const requestOptions =
    override.requestOptions === undefined
      ? configured?.requestOptions
      : mergeRequestOptions(configured?.requestOptions, override.requestOptions);
  const rest: ClientConfiguration = { ...configured, ...override, requestOptions };
  return {
    // Read at each call: tests and loaders set variables after the import.
    baseURL: rest.baseURL ?? fromEnvironment("TRIGGER_API_URL"),
    accessToken: rest.accessToken ?? fromEnvironment("TRIGGER_SECRET_KEY"),
    rest,
  };
}

let kept: { readonly options: ApiClientOptions; readonly client: ApiClient } | undefined;

function sameOptions(left: ApiClientOptions, right: ApiClientOptions): boolean {
  return (
    left.baseURL === right.baseURL &&
    left.accessToken === right.accessToken &&
    left.fetch === right.fetch &&
    left.requestTimeoutMs === right.requestTimeoutMs &&
    left.requestOptions === right.requestOptions
  );
}

/**
 * The client for a call made here: the current run's own, else the configured one, else the environment's;
 * undefined when there is no URL or no key.
 * @throws ConfigError for a URL or key that cannot be used
 */
export function findApiClient(): ApiClient | undefined {
  const own = ownClient();
  if (own !== undefined) return overridden(own);
  const { baseURL, accessToken, rest } = resolve();
  if (baseURL === undefined || accessToken === undefined) return undefined;
  const options = { ...rest, baseURL, accessToken };
  // Kept, since a client learns about its server; made anew when anything has changed.
  if (kept === undefined || !sameOptions(kept.options, options))
    kept = { options, client: new ApiClient(options) };
  return kept.client;
}

const derived = new WeakMap<ClientOverride, { readonly own: ApiClient; readonly client: ApiClient }>();

/** A run's own client with what `auth.withAuth` changes, kept as long as that is in force. */
function overridden(own: ApiClient): ApiClient {
  const override = currentClientOverride();
  if (override === undefined) return own;
  const known = derived.get(override);
  if (known?.own === own) return known.client;
  const client = own.with(override.options as ClientConfiguration);
  derived.set(override, { own, client });
  return client;
}

/**
 * Calls `body`; calls to the API below it use what the configuration says, and for the rest what they used before. Runs
 * that are opened below it go on with the client that they were opened with.
 */
export function withConfiguration<T>(configuration: ClientConfiguration, body: () => T): T {
  return runWithClientOverride({ ...currentClientOverride()?.options, ...whatIsGiven(configuration) }, body);
}

/**
 * As {@link findApiClient}, for calls that cannot do without.
 * @throws ConfigError naming what is missing; there is no default host
 */
export function requireApiClient(): ApiClient {
  const client = findApiClient();
  if (client !== undefined) return client;
  const { baseURL, accessToken } = resolve();
  const missing = [
    ...(baseURL === undefined ? ["no URL (TRIGGER_API_URL)"] : []),
    ...(accessToken === undefined ? ["no key (TRIGGER_SECRET_KEY)"] : []),
  ];
  throw new ConfigError(
    `The API is not configured: ${missing.join(", ")}. Set it, or call configure({ baseURL, accessToken }).`,
  );
}
