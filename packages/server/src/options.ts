import { MAX_BODY_BYTES, MAXIMUM_SIZE_VARIABLE, resolveMaximumSize } from "@runmeta/runtime/protocol";
import { ENCRYPTION_KEY_VARIABLE, parseEncryptionKey } from "./auth/encryption-key.ts";
import type { Engine } from "./engine/engine.ts";
import { noEngine } from "./engine/no-engine.ts";
import { ServerConfigError } from "./errors.ts";
import { hostnameOf } from "./http/hostname.ts";
import { type Clock, systemClock } from "./service/clock.ts";
import { parseRetentionMs, RETENTION_FORM } from "./service/retention-period.ts";
import { pgliteStorage } from "./storage/pglite-storage.ts";
import type { Storage } from "./storage/storage.ts";

/** Options of `createServer`; all have defaults. */
export interface ServerOptions {
  /**
   * Where runs are kept. The server opens and closes it.
   *
   * @default an embedded PGlite database in the directory `.runmeta` of the working directory
   */
  readonly storage?: Storage | undefined;
  /**
   * What executes triggered runs. The server starts and stops it.
   *
   * @default `noEngine()`: runs stay queued for foreign workers
   */
  readonly engine?: Engine | undefined;
  /**
   * Keys that open the API, each `tr_dev_…`, `tr_stg_…`, `tr_prod_…` or `tr_preview_…`; the prefix names the environment.
   *
   * @default the keys in the database; where there are none, one generated key for `dev`, new at each start, in `server.secretKey`; only on a loopback host
   */
  readonly secretKeys?: readonly string[] | undefined;
  /**
   * What encrypts the keys that `runmeta keys create` stores, 32 bytes as base64 or hexadecimal. Needed when the database
   * holds some, and to see those that are made later.
   *
   * @default `RUNMETA_ENCRYPTION_KEY`; without one stored keys are not looked for
   */
  readonly encryptionKey?: string | undefined;
  /**
   * Largest metadata document in UTF-8 bytes of its JSON, itself allowed. Range 2 to 2,097,152.
   *
   * @default `TASK_RUN_METADATA_MAXIMUM_SIZE`, or 4,096
   */
  readonly maximumSize?: number | undefined;
  /**
   * Milliseconds that `close()` waits for requests and runs under way. Range 0 to 2^31 - 1.
   * Cost: what is cut is not lost (nothing was acknowledged), but clients send again and runs start again.
   *
   * @default 10,000
   */
  readonly drainTimeoutMs?: number | undefined;
  /**
   * How long what is over is kept: runs that have ended, with everything that belongs to them, sessions that were closed or
   * expired, batches whose runs are gone. `30d`, `12h`, `1w2d`; at least `1m`. Deleted within 10 minutes after that;
   * records never. Cost of a short one: an idempotency key lives no longer than its run, so give more than your keys'
   * time to live. Cost of none: the database grows for ever.
   *
   * @default none: nothing is ever deleted
   */
  readonly retention?: string | undefined;
  /**
   * Called with faults that no caller can see: the cause of a 500 or a 503, a failed look for due runs. It never gets a
   * request's headers, so no key can reach a log through it. What it throws is ignored.
   *
   * @default `process.emitWarning`
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /**
   * Serves the dashboard at `/`, for browsers that sign in with a secret key or by {@link RunmetaServer.dashboardLink}.
   *
   * @default false
   */
  readonly dashboard?: boolean | undefined;
  /**
   * Names, without a port, under which browsers may reach the dashboard, beside `localhost`, the address that `listen` is
   * given, and the one in `publicURL`. Everything else is refused there; calls of the API with a key may use any name.
   *
   * @default none
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * Where browsers and clients reach this server through a proxy: scheme, host and port, no path. Uploads of large payloads
   * go there too, so workers must reach it. With `https:` the dashboard's cookie is sent by TLS only.
   *
   * @default they reach it directly; a proxy may say otherwise in `x-forwarded-proto` and `x-forwarded-host`
   */
  readonly publicURL?: string | undefined;
  /** Time; for tests. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** Options with every default filled in. */
export interface ResolvedServerOptions {
  readonly storage: Storage;
  readonly engine: Engine;
  readonly secretKeys: readonly string[];
  readonly encryptionKey: Buffer | undefined;
  readonly maximumSizeBytes: number;
  readonly drainTimeoutMs: number;
  /** Undefined: nothing is deleted. */
  readonly retentionMs: number | undefined;
  readonly publicURL: URL | undefined;
  onError(error: unknown): void;
  /** Undefined: none is served. */
  readonly dashboard: { readonly allowedHosts: readonly string[] } | undefined;
  readonly clock: Clock;
}

/**
 * Checks options and fills in defaults.
 *
 * @throws ServerConfigError naming the option, its value and its range
 */
export function resolveServerOptions(
  options: ServerOptions,
  environment: Readonly<Record<string, string | undefined>>,
): ResolvedServerOptions {
  const maximumSizeBytes = options.maximumSize ?? maximumSizeFrom(environment[MAXIMUM_SIZE_VARIABLE]);
  requireInteger("maximumSize", maximumSizeBytes, 2, MAX_BODY_BYTES);
  const drainTimeoutMs = options.drainTimeoutMs ?? 10_000;
  requireInteger("drainTimeoutMs", drainTimeoutMs, 0, 2_147_483_647);
  return Object.freeze({
    storage: options.storage ?? pgliteStorage({ directory: ".runmeta" }),
    engine: options.engine ?? noEngine(),
    secretKeys: options.secretKeys ?? [],
    encryptionKey: encryptionKeyFrom(options.encryptionKey, environment[ENCRYPTION_KEY_VARIABLE]),
    maximumSizeBytes,
    drainTimeoutMs,
    retentionMs: options.retention === undefined ? undefined : retentionFrom(options.retention),
    onError: guarded(options.onError ?? warn),
    publicURL: options.publicURL === undefined ? undefined : originFrom(options.publicURL),
    dashboard:
      options.dashboard === true ? { allowedHosts: (options.allowedHosts ?? []).map(hostFrom) } : undefined,
    clock: options.clock ?? systemClock,
  });
}

function retentionFrom(text: string): number {
  const retentionMs = parseRetentionMs(text);
  if (retentionMs !== undefined) return retentionMs;
  throw new ServerConfigError(`Option retention is ${JSON.stringify(text)}; it must be ${RETENTION_FORM}.`);
}

function originFrom(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare = url !== undefined && url.href === `${url.origin}/`;
  if (bare && (url.protocol === "https:" || url.protocol === "http:")) return url;
  throw new ServerConfigError(
    `Option publicURL is ${JSON.stringify(text)}; it must be https://host or http://host, with a port if need be and without a path.`,
  );
}

function hostFrom(text: string): string {
  const hostname = hostnameOf(text);
  if (hostname !== undefined) return hostname;
  throw new ServerConfigError(
    `Option allowedHosts has ${JSON.stringify(text)}; each must be a host name or an address, without scheme, port or path.`,
  );
}

function encryptionKeyFrom(option: string | undefined, variable: string | undefined): Buffer | undefined {
  if (option !== undefined) return parseEncryptionKey(option, "The option encryptionKey");
  return variable === undefined || variable === ""
    ? undefined
    : parseEncryptionKey(variable, ENCRYPTION_KEY_VARIABLE);
}

function maximumSizeFrom(text: string | undefined): number {
  const bytes = resolveMaximumSize(text);
  if (bytes !== undefined) return bytes;
  throw new ServerConfigError(
    `${MAXIMUM_SIZE_VARIABLE} is ${JSON.stringify(text)}; it must be a number of bytes from 2 to ${MAX_BODY_BYTES}.`,
  );
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ServerConfigError(
    `Option ${name} is ${value}; it must be a whole number from ${least} to ${most}.`,
  );
}

function guarded(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      onError(error);
    } catch {
      // A broken error handler must not turn one failed request into a dead process.
    }
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)));
}
