import { ConfigError } from "../errors.ts";
import type { MetadataOptions } from "../options.ts";
import type { AnyTaskHooks } from "./hooks.ts";
import type { LogLevel } from "./log-level.ts";
import { type RetryOptions, resolveRetryOptions } from "./retry-options.ts";

/** What `runmeta.config.ts` or `trigger.config.ts` exports. Its hooks run before those of tasks. */
export interface RunmetaConfig extends AnyTaskHooks {
  /** Shown as `ctx.project`. */
  readonly project: string;
  /** Folders that hold task files. @default ["./trigger"] */
  readonly dirs?: readonly string[] | undefined;
  readonly retries?:
    | {
        /** False: nothing is retried in a development environment. @default true */
        readonly enabledInDev?: boolean | undefined;
        /** For tasks that name no `retry` of their own. @default undefined (one attempt) */
        readonly default?: RetryOptions | undefined;
      }
    | undefined;
  /** Longest time of one attempt, in seconds (more than 0), for tasks that name none. @default undefined (no limit) */
  readonly maxDuration?: number | undefined;
  /** How long a run may wait to be executed, for tasks that name none: seconds, or for example "10m". */
  readonly ttl?: string | number | undefined;
  /** The least important lines that `logger` prints. @default "info" */
  readonly logLevel?: LogLevel | undefined;
  /** How metadata is limited, batched and delivered. */
  readonly metadata?: MetadataOptions | undefined;
  /** Options of the official config that mean nothing here; accepted so that a `trigger.config.ts` works as it is. */
  readonly runtime?: string | undefined;
  readonly machine?: string | undefined;
  readonly build?: unknown;
  readonly telemetry?: unknown;
  readonly tsconfig?: string | undefined;
  readonly ignorePatterns?: readonly string[] | undefined;
  readonly compatibilityFlags?: readonly string[] | undefined;
  readonly enableConsoleLogging?: boolean | undefined;
  readonly disableConsoleInterceptor?: boolean | undefined;
  readonly extraCACerts?: string | undefined;
  readonly processKeepAlive?: unknown;
}

/**
 * Types and checks a config; for the default export of `runmeta.config.ts`. It registers nothing: `runmeta dev` and
 * `runmeta worker` load the file, elsewhere call {@link useConfig}.
 *
 * @throws ConfigError naming the option that is out of range
 */
export function defineConfig(config: RunmetaConfig): RunmetaConfig {
  if (typeof config.project !== "string") {
    throw new ConfigError(`project must be a string, got ${String(config.project)}`);
  }
  const { maxDuration } = config;
  if (maxDuration !== undefined && !(typeof maxDuration === "number" && maxDuration > 0)) {
    throw new ConfigError(
      `maxDuration must be a number of seconds greater than 0, got ${String(maxDuration)}`,
    );
  }
  resolveRetryOptions(config.retries?.default);
  return config;
}
