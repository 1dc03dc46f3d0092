import { ConfigError } from "./errors.ts";
import { MAXIMUM_SIZE_VARIABLE, resolveMaximumSize } from "./protocol/limits.ts";

/** Why accepted operations were not stored. */
export type DropReason =
  /** The endpoint refused the operation for good (4xx), even alone. */
  | "refused"
  /** The request may or may not have been applied, and sending it again could count twice. */
  | "ambiguous"
  /** The outbox or the late-delivery queue was full. */
  | "overflow"
  /** Written after its run had closed. */
  | "closed"
  /** The target cannot keep it (a parent or root write to an endpoint that knows no operations). */
  | "unsupported"
  /** The process ended before it could be sent. */
  | "exit";

/** One loss, as `onDrop` receives it. */
export interface Drop {
  readonly runId: string;
  readonly reason: DropReason;
  /** How many accepted calls are lost. */
  readonly count: number;
  /** The keys they wrote, at most 10; `""` stands for the whole document. */
  readonly keys: readonly string[];
  readonly target: "self" | "parent" | "root";
  /** What the endpoint said, if it said anything. */
  readonly message?: string;
}

/** One warning, as `onWarning` receives it: at most once a run and code. */
export interface Warning {
  readonly runId: string;
  readonly code: WarningCode;
  readonly message: string;
}

/** What a warning is about; a code never changes its meaning. */
export type WarningCode =
  | "DROPPED"
  | "WRITE_AFTER_CLOSE"
  | "UNAUTHORIZED"
  | "MISCONFIGURED"
  | "UNREADABLE_REPLY"
  | "INEFFECTIVE"
  | "REFUSED"
  | "NOT_DRAINED"
  | "NOT_REPORTED"
  | "NO_ENDPOINT"
  | "HOOK_FAILED"
  | "STREAM_LOST"
  | "TAGS_REFUSED"
  | "SPOOL";

/** How metadata is limited, batched and delivered. Given in `defineConfig({ metadata })` or to `withRun`. */
export interface MetadataOptions {
  /**
   * Largest document, in UTF-8 bytes of its JSON; a write beyond it throws `MetadataSizeError`. Range 2 to 1,073,741,824;
   * a runmeta server takes 2,097,152 at most, and its own limit holds as well.
   * @default `TASK_RUN_METADATA_MAXIMUM_SIZE`, else 4096
   */
  readonly maximumSize?: number | undefined;
  /**
   * How long the writes must pause before they are sent, in milliseconds (0 to 60000). It is checked once a period: a
   * burst in one piece of code leaves after one, writes spread over a period wait for another.
   * Cost: up to twice this much is lost if the process is killed.
   * @default 250
   */
  readonly debounceMs?: number | undefined;
  /**
   * Longest time a write waits for its request however steadily writes come, in milliseconds (`debounceMs` to 3,600,000).
   * Cost: up to this much is lost if the process is killed.
   * @default 1000
   */
  readonly maxWaitMs?: number | undefined;
  /**
   * Most bytes of unacknowledged operations kept for one run (16,384 to 1,073,741,824). There, the run's own operations fold
   * into one `set` a key, and the newest parent or root write is dropped by name.
   * @default 1048576
   */
  readonly maxPendingBytes?: number | undefined;
  /**
   * How long the end of a run may wait for its last flush and for the report of its outcome, in milliseconds
   * (0 to 3,600,000). What is not sent by then goes
   * to the process's late-delivery queue.
   * @default 5000
   */
  readonly drainTimeoutMs?: number | undefined;
  /**
   * Deadline of one request, headers and body, in milliseconds (1 to 3,600,000).
   * @default 10000
   */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * What the next attempt of a run starts with: the stored document, or the one it was triggered with.
   * @default "keep"
   */
  readonly onRetry?: "keep" | "reset" | undefined;
  /**
   * Folder for writes that a dying process could not send; the next start sends them with the same batch ids.
   * @default undefined (off: they are dropped by name)
   */
  readonly spoolDirectory?: string | undefined;
  /** Called for each loss. */
  readonly onDrop?: ((drop: Drop) => void) | undefined;
  /** Receives warnings instead of `process.emitWarning`. */
  readonly onWarning?: ((warning: Warning) => void) | undefined;
}

/** {@link MetadataOptions}, complete and checked. */
export interface ResolvedMetadataOptions {
  readonly maximumSize: number;
  readonly debounceMs: number;
  readonly maxWaitMs: number;
  readonly maxPendingBytes: number;
  readonly drainTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly onRetry: "keep" | "reset";
  readonly spoolDirectory: string | undefined;
  readonly onDrop: ((drop: Drop) => void) | undefined;
  readonly onWarning: ((warning: Warning) => void) | undefined;
}

function inRange(
  name: string,
  value: number | undefined,
  fallback: number,
  min: number,
  max: number,
): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number" || !(value >= min && value <= max)) {
    throw new ConfigError(`metadata.${name} must be a number from ${min} to ${max}, got ${String(value)}`);
  }
  return value;
}

function maximumSizeFromEnvironment(text: string | undefined): number {
  const bytes = resolveMaximumSize(text);
  if (bytes !== undefined) return bytes;
  throw new ConfigError(
    `${MAXIMUM_SIZE_VARIABLE} must be a whole number of bytes of at least 2, got ${JSON.stringify(text)}`,
  );
}

/** What no option changes, and the value of the variable that it was made with. */
let defaults:
  | { readonly options: ResolvedMetadataOptions; readonly variable: string | undefined }
  | undefined;

/**
 * Completes and checks options; later ones win.
 * @throws ConfigError naming the option, its value and its range
 */
export function resolveMetadataOptions(
  ...layers: readonly (MetadataOptions | undefined)[]
): ResolvedMetadataOptions {
  const variable = globalThis.process?.env[MAXIMUM_SIZE_VARIABLE];
  const given: { -readonly [K in keyof MetadataOptions]: MetadataOptions[K] } = {};
  let any = false;
  for (const layer of layers) {
    if (layer === undefined) continue;
    for (const [name, value] of Object.entries(layer)) {
      if (value === undefined) continue;
      Object.assign(given, { [name]: value });
      any = true;
    }
  }
  if (any) return complete(given, variable);
  // Shared by all runs that are given nothing.
  if (defaults === undefined || defaults.variable !== variable)
    defaults = { options: complete({}, variable), variable };
  return defaults.options;
}

function complete(given: MetadataOptions, variable: string | undefined): ResolvedMetadataOptions {
  const debounceMs = inRange("debounceMs", given.debounceMs, 250, 0, 60_000);
  if (given.onRetry !== undefined && given.onRetry !== "keep" && given.onRetry !== "reset") {
    throw new ConfigError(`metadata.onRetry must be "keep" or "reset", got ${String(given.onRetry)}`);
  }
  return Object.freeze({
    maximumSize:
      given.maximumSize === undefined
        ? maximumSizeFromEnvironment(variable)
        : inRange("maximumSize", given.maximumSize, 0, 2, 2 ** 30),
    debounceMs,
    maxWaitMs: inRange("maxWaitMs", given.maxWaitMs, Math.max(1_000, debounceMs), debounceMs, 3_600_000),
    maxPendingBytes: inRange("maxPendingBytes", given.maxPendingBytes, 1_048_576, 16_384, 2 ** 30),
    drainTimeoutMs: inRange("drainTimeoutMs", given.drainTimeoutMs, 5_000, 0, 3_600_000),
    requestTimeoutMs: inRange("requestTimeoutMs", given.requestTimeoutMs, 10_000, 1, 3_600_000),
    onRetry: given.onRetry ?? "keep",
    spoolDirectory: given.spoolDirectory,
    onDrop: given.onDrop,
    onWarning: given.onWarning,
  });
}
