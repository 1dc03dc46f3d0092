import { ConfigError } from "../errors.ts";

/** How often a failed run is tried again, and after how long. */
export interface RetryOptions {
  /** All attempts, the first included (1 or more). @default 3 */
  readonly maxAttempts?: number | undefined;
  /** By how much each wait is longer than the one before (1 or more). @default 2 */
  readonly factor?: number | undefined;
  /** The first wait, in milliseconds. @default 1000 */
  readonly minTimeoutInMs?: number | undefined;
  /** The longest wait, in milliseconds. @default 60000 */
  readonly maxTimeoutInMs?: number | undefined;
  /** Multiplies each wait by 1 to 2, so that runs that failed together do not come back together. @default true */
  readonly randomize?: boolean | undefined;
}

/** {@link RetryOptions}, complete. */
export interface ResolvedRetryOptions {
  readonly maxAttempts: number;
  readonly factor: number;
  readonly minTimeoutInMs: number;
  readonly maxTimeoutInMs: number;
  readonly randomize: boolean;
}

function numberAtLeast(name: string, value: number | undefined, fallback: number, min: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number" || !(value >= min)) {
    throw new ConfigError(`retry.${name} must be a number of at least ${min}, got ${String(value)}`);
  }
  return value;
}

/**
 * Completes and checks retry options.
 * @throws ConfigError naming the option, its value and its range
 */
export function resolveRetryOptions(options: RetryOptions = {}): ResolvedRetryOptions {
  return {
    maxAttempts: numberAtLeast("maxAttempts", options.maxAttempts, 3, 1),
    factor: numberAtLeast("factor", options.factor, 2, 1),
    minTimeoutInMs: numberAtLeast("minTimeoutInMs", options.minTimeoutInMs, 1_000, 0),
    maxTimeoutInMs: numberAtLeast("maxTimeoutInMs", options.maxTimeoutInMs, 60_000, 0),
    randomize: options.randomize ?? true,
  };
}

/**
 * Milliseconds to wait after attempt number `attempt` (from 1) failed; undefined when it was the last one.
 * `random` gives 0 to 1.
 */
export function retryDelayMs(
  options: ResolvedRetryOptions,
  attempt: number,
  random: () => number = Math.random,
): number | undefined {
  if (attempt >= options.maxAttempts) return undefined;
  const spread = options.randomize ? 1 + random() : 1;
  const delayMs = spread * options.minTimeoutInMs * options.factor ** (attempt - 1);
  return Math.round(Math.min(options.maxTimeoutInMs, delayMs));
}
