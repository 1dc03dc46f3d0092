import { refused } from "../refused.ts";
import type { ApiClient } from "./api-client.ts";
import { type ClientConfiguration, configure, requireApiClient, withConfiguration } from "./configure.ts";
import { parseReply } from "./parse-reply.ts";
import { signToken, type TokenClaims } from "./sign-token.ts";
import { tokenExpiry } from "./token-expiry.ts";
import { type TokenPermissions, tokenScopes } from "./token-scopes.ts";

/** Options that every public token has. */
export interface PublicTokenOptions {
  /** A date, seconds since 1970, or a time from now (`15m`, `1h`). @default 15 minutes */
  readonly expirationTime?: number | Date | string | undefined;
  /** Columns that subscriptions with this token leave out. */
  readonly realtime?: { readonly skipColumns?: readonly string[] | undefined } | undefined;
}

/** What {@link auth.createPublicToken} takes. */
export interface CreatePublicTokenOptions extends PublicTokenOptions {
  /** @default nothing: such a token opens nothing */
  readonly scopes?: TokenPermissions | undefined;
}

/** What the tokens that trigger take. */
export interface CreateTriggerTokenOptions extends PublicTokenOptions {
  /** False: the token triggers once, whatever its expiry. @default false */
  readonly multipleUse?: boolean | undefined;
}

/**
 * Tokens for browsers and others who must not have the secret key. They are signed here, with the secret key, after the
 * server was asked which environment it opens; they end with their expiry, or with the key.
 */
export const auth = {
  /** The same as the exported `configure`. */
  configure,

  /**
   * A token that may do what `scopes` say, and nothing else.
   * @throws ConfigError without a URL or a secret key, or for options that cannot be meant; ApiError when the server refuses
   * @example
   * const token = await auth.createPublicToken({ scopes: { read: { runs: [run.id] } }, expirationTime: "1h" });
   */
  async createPublicToken(options: CreatePublicTokenOptions = {}): Promise<string> {
    const scopes = options.scopes === undefined ? undefined : tokenScopes(options.scopes);
    return await createToken({ scopes, realtime: options.realtime }, options);
  },

  /** A token that triggers these tasks, once unless `multipleUse`. @throws as {@link auth.createPublicToken} */
  async createTriggerPublicToken(
    task: string | readonly string[],
    options: CreateTriggerTokenOptions = {},
  ): Promise<string> {
    return await createToken(triggerClaims({ trigger: { tasks: task } }, options), options);
  },

  /** A token that triggers batches of these tasks, one unless `multipleUse`. @throws as {@link auth.createPublicToken} */
  async createBatchTriggerPublicToken(
    task: string | readonly string[],
    options: CreateTriggerTokenOptions = {},
  ): Promise<string> {
    return await createToken(triggerClaims({ batchTrigger: { tasks: task } }, options), options);
  },

  /** Calls `fn`; every call to the API below it, and only there, uses this configuration where it says something. */
  withAuth<T>(configuration: ClientConfiguration, fn: () => Promise<T>): Promise<T> {
    return withConfiguration(configuration, fn);
  },

  /** {@link auth.withAuth} with a new {@link auth.createPublicToken}. */
  async withPublicToken<T>(options: CreatePublicTokenOptions, fn: () => Promise<T>): Promise<T> {
    return await withConfiguration({ accessToken: await auth.createPublicToken(options) }, fn);
  },

  /** {@link auth.withAuth} with a new {@link auth.createTriggerPublicToken}. */
  async withTriggerPublicToken<T>(
    task: string | readonly string[],
    options: CreateTriggerTokenOptions | undefined,
    fn: () => Promise<T>,
  ): Promise<T> {
    return await withConfiguration({ accessToken: await auth.createTriggerPublicToken(task, options) }, fn);
  },

  /** {@link auth.withAuth} with a new {@link auth.createBatchTriggerPublicToken}. */
  async withBatchTriggerPublicToken<T>(
    task: string | readonly string[],
    options: CreateTriggerTokenOptions | undefined,
    fn: () => Promise<T>,
  ): Promise<T> {
    const accessToken = await auth.createBatchTriggerPublicToken(task, options);
    return await withConfiguration({ accessToken }, fn);
  },

  /** Identities for other services. Not supported: throws NotSupportedError. */
  getOIDCToken: refused("auth.getOIDCToken", "use the credentials of where your process runs"),
} as const;

function triggerClaims(permissions: TokenPermissions, options: CreateTriggerTokenOptions): TokenClaims {
  return { otu: options.multipleUse !== true, scopes: tokenScopes(permissions), realtime: options.realtime };
}

async function createToken(claims: TokenClaims, { expirationTime }: PublicTokenOptions): Promise<string> {
  const client = requireApiClient();
  const issuedAt = Math.floor(client.clock.wallTime() / 1000);
  const expiresAt = tokenExpiry(expirationTime, issuedAt);
  const identity = await identityOf(client);
  return await client.withAccessToken((key) =>
    signToken(key, { ...identity, ...claims }, { issuedAt, expiresAt }),
  );
}

/** Which environment the key opens. */
async function identityOf(client: ApiClient): Promise<Readonly<Record<string, unknown>>> {
  const path = "/api/v1/auth/jwt/claims";
  const reply = await client.send("POST", path);
  return await parseReply(
    `POST ${path}`,
    reply,
    (all) => all.tokenClaimsReply,
    (claims) => claims,
  );
}
