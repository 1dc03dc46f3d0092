/**
 * Every error of this package. Recognise them by `code` (or with {@link isRunmetaError}), not with `instanceof`:
 * an ESM and a CommonJS copy of the package can live in one process, each with classes of its own.
 */

const brand = Symbol.for("runmeta.error");

/** Codes of all errors; a code never changes its meaning. */
export type RunmetaErrorCode =
  | "RUNMETA_METADATA_VALUE"
  | "RUNMETA_METADATA_SIZE"
  | "RUNMETA_METADATA_FLUSH"
  | "RUNMETA_NOT_SUPPORTED"
  | "RUNMETA_API"
  | "RUNMETA_CONFIG"
  | "RUNMETA_TASK_NOT_FOUND"
  | "RUNMETA_TASK_RUN_FAILED"
  | "RUNMETA_PACKET"
  | "RUNMETA_MAX_DURATION"
  | "RUNMETA_RUN_CANCELLED"
  | "RUNMETA_HOOK_TIMEOUT"
  | "RUNMETA_TASK_PAYLOAD"
  | "RUNMETA_TASK_OUTPUT"
  | "RUNMETA_TASK_ABORTED"
  | "RUNMETA_TASK_COMPLETED"
  | "RUNMETA_OUT_OF_MEMORY"
  | "RUNMETA_STREAM_RELEASED";

/** Base of every error that runmeta throws. */
export class RunmetaError extends Error {
  override name = "RunmetaError";
  readonly code: RunmetaErrorCode;

  constructor(code: RunmetaErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for an error of any copy or version of this package in the process. */
export function isRunmetaError(value: unknown): value is RunmetaError {
  return typeof value === "object" && value !== null && brand in value;
}

/** Thrown when a value or a key cannot be kept as JSON metadata. Nothing was changed. */
export class MetadataValueError extends RunmetaError {
  override name = "MetadataValueError";
  /** Where in the document the value stands, for example `$.user.onClick`. */
  readonly path: string;

  constructor(path: string, problem: string, options?: { cause?: unknown }) {
    super("RUNMETA_METADATA_VALUE", `Invalid metadata at ${path}: ${problem}`, options);
    this.path = path;
  }
}

/** Thrown when a write would make the document larger than its limit. Nothing was changed. */
export class MetadataSizeError extends RunmetaError {
  override name = "MetadataSizeError";
  /** UTF-8 bytes the document would have had; a lower bound when counting stopped early. */
  readonly bytes: number;
  readonly limitBytes: number;
  /** The key that was written; undefined when the whole document was replaced. */
  readonly key: string | undefined;

  constructor(bytes: number, limitBytes: number, key: string | undefined) {
    super(
      "RUNMETA_METADATA_SIZE",
      `Metadata exceeds maximum size of ${limitBytes} bytes: ${key === undefined ? "the document" : `writing "${key.length > 60 ? `${key.slice(0, 60)}\u2026` : key}"`} ` +
        `would make it ${bytes} bytes or more. Store less, delete a key first, or raise TASK_RUN_METADATA_MAXIMUM_SIZE here and at the server.`,
    );
    this.bytes = bytes;
    this.limitBytes = limitBytes;
    this.key = key;
  }
}

/** `flush()` rejects with it when writes accepted before the call could not be stored. */
export class MetadataFlushError extends RunmetaError {
  override name = "MetadataFlushError";
  /** Operations that are still waiting; they are kept and sent later unless `onDrop` named them. */
  readonly pending: number;

  constructor(reason: string, pending: number, options?: { cause?: unknown }) {
    super(
      "RUNMETA_METADATA_FLUSH",
      `Metadata was not flushed: ${reason} (${pending} operations pending)`,
      options,
    );
    this.pending = pending;
  }
}

/** Thrown when a name of the official SDK is called that runmeta does not implement. */
export class NotSupportedError extends RunmetaError {
  override name = "NotSupportedError";
  /** What was called, for example `wait.forToken`; the inherited `name` stays the class's. */
  readonly feature: string;

  constructor(feature: string, hint?: string) {
    super(
      "RUNMETA_NOT_SUPPORTED",
      `${feature} is not supported by runmeta${hint === undefined ? "" : `: ${hint}`}`,
    );
    this.feature = feature;
  }
}

/** What an {@link ApiError} is made of. */
export interface RefusedReply {
  /** HTTP status; 0 when no reply came. */
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds since 1970. */
  readonly receivedAt?: number | undefined;
}

/** An API call was answered with an error status, or not at all (`status` 0). */
export class ApiError extends RunmetaError {
  override name = "ApiError";
  /** HTTP status; 0 when no reply came. */
  readonly status: number;
  /** The reply's body, parsed when it is JSON. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(message: string, reply: RefusedReply, options?: { cause?: unknown }) {
    super("RUNMETA_API", message, options);
    this.status = reply.status;
    this.body = reply.body;
    this.headers = reply.headers ?? {};
  }
}

/** The API answered 400: what was sent is not valid. Sending it again does not help. */
export class BadRequestError extends ApiError {
  override name = "BadRequestError";
}

/** The API answered 401: the key or token is missing, unknown or expired. */
export class AuthenticationError extends ApiError {
  override name = "AuthenticationError";
}

/** The API answered 403: the key or token does not allow it. */
export class PermissionDeniedError extends ApiError {
  override name = "PermissionDeniedError";
}

/** The API answered 404. */
export class NotFoundError extends ApiError {
  override name = "NotFoundError";
}

/** The API answered 409: what is there already does not go with the request. */
export class ConflictError extends ApiError {
  override name = "ConflictError";
}

/** The API answered 422: the request can be read, and cannot be carried out. */
export class UnprocessableEntityError extends ApiError {
  override name = "UnprocessableEntityError";
}

/** The API answered 429, also when it was asked again. */
export class RateLimitError extends ApiError {
  override name = "RateLimitError";
  /** From the reply until the server takes requests again (`x-ratelimit-reset`); undefined when it did not say. */
  readonly millisecondsUntilReset: number | undefined;

  constructor(message: string, reply: RefusedReply, options?: { cause?: unknown }) {
    super(message, reply, options);
    const resetAt = Number.parseInt(this.headers["x-ratelimit-reset"] ?? "", 10);
    const known = reply.receivedAt !== undefined && !Number.isNaN(resetAt);
    this.millisecondsUntilReset = known ? Math.max(0, resetAt - (reply.receivedAt ?? 0)) : undefined;
  }
}

/** The API answered 500 or more, also when it was asked again. */
export class InternalServerError extends ApiError {
  override name = "InternalServerError";
}

const CLASS_OF_STATUS: Readonly<Record<number, typeof ApiError>> = {
  400: BadRequestError,
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  422: UnprocessableEntityError,
  429: RateLimitError,
};

/** The error of a refused call, of the class that its status has in the official SDK. */
export function refusedCall(message: string, reply: RefusedReply): ApiError {
  const ErrorClass = CLASS_OF_STATUS[reply.status] ?? (reply.status >= 500 ? InternalServerError : ApiError);
  return new ErrorClass(message, reply);
}

/** Thrown when an option or an environment variable is missing or out of range. */
export class ConfigError extends RunmetaError {
  override name = "ConfigError";

  constructor(message: string, options?: { cause?: unknown }) {
    super("RUNMETA_CONFIG", message, options);
  }
}

/** Throw it from a task to end its run at once: it is never retried. */
export class AbortTaskRunError extends RunmetaError {
  override name = "AbortTaskRunError";

  constructor(message: string, options?: { cause?: unknown }) {
    super("RUNMETA_TASK_ABORTED", message, options);
  }
}

/** Throw it from a task to end its run as COMPLETED, with an output, from wherever the code is. */
export class CompleteTaskWithOutput extends RunmetaError {
  override name = "CompleteTaskWithOutput";
  readonly output: unknown;

  constructor(output?: unknown) {
    super("RUNMETA_TASK_COMPLETED", "The task is complete");
    this.output = output;
  }
}

/** Throw it from a task whose native code ran out of memory. The attempt fails like any other: there is no larger machine. */
export class OutOfMemoryError extends RunmetaError {
  override name = "OutOfMemoryError";

  constructor(message = "The task ran out of memory", options?: { cause?: unknown }) {
    super("RUNMETA_OUT_OF_MEMORY", message, options);
  }
}

/** A run failed because its payload could not be read or did not match the task's schema. It is not retried. */
export class TaskPayloadError extends RunmetaError {
  override name = "TaskPayloadError";
  /** What the schema found, as `path: message`; empty when the payload could not be read at all. */
  readonly issues: readonly string[];

  constructor(message: string, issues: readonly string[] = [], options?: { cause?: unknown }) {
    super("RUNMETA_TASK_PAYLOAD", message, options);
    this.issues = issues;
  }
}

/** A run failed because what its task returned cannot be sent. It is not retried: the task has done its work. */
export class TaskOutputError extends RunmetaError {
  override name = "TaskOutputError";

  constructor(task: string, options?: { cause?: unknown }) {
    const cause = options?.cause;
    super(
      "RUNMETA_TASK_OUTPUT",
      `The output of task "${task}" cannot be sent${cause instanceof Error ? `: ${cause.message}` : ""}`,
      options,
    );
  }
}

/** Thrown when no task of this id is registered in the process. */
export class TaskNotFoundError extends RunmetaError {
  override name = "TaskNotFoundError";
  readonly task: string;

  constructor(task: string) {
    super(
      "RUNMETA_TASK_NOT_FOUND",
      `Task not found: "${task}" is not registered in this process. Import the module that defines it.`,
    );
    this.task = task;
  }
}

/** The reason of a run's `signal` when the run exceeded its `maxDuration`; the run is TIMED_OUT and not retried. */
export class MaxDurationError extends RunmetaError {
  override name = "MaxDurationError";
  readonly maxDurationSeconds: number;

  constructor(maxDurationSeconds: number) {
    super("RUNMETA_MAX_DURATION", `The run exceeded its maxDuration of ${maxDurationSeconds} seconds`);
    this.maxDurationSeconds = maxDurationSeconds;
  }
}

/** The reason of a run's `signal` when the run was cancelled. */
export class RunCancelledError extends RunmetaError {
  override name = "RunCancelledError";
  readonly runId: string;

  constructor(runId: string, options?: { cause?: unknown }) {
    super("RUNMETA_RUN_CANCELLED", `Run ${runId} was cancelled`, options);
    this.runId = runId;
  }
}

/** Thrown to who begins to read his copy of a stream after it was released: more had come than is kept for nobody. */
export class StreamReleasedError extends RunmetaError {
  override name = "StreamReleasedError";
  readonly key: string;

  constructor(key: string, limit: number) {
    super(
      "RUNMETA_STREAM_RELEASED",
      `The copy of stream "${key}" was released: nobody read it while more than ${limit} characters came. It is stored; read it with metadata.fetchStream("${key}"), or begin to read before the source has ended.`,
    );
    this.key = key;
  }
}

/** A lifecycle hook did not finish in time; the run went on without it. */
export class HookTimeoutError extends RunmetaError {
  override name = "HookTimeoutError";
  /** For example `onComplete`. */
  readonly hook: string;
  readonly timeoutMs: number;

  constructor(hook: string, timeoutMs: number) {
    super("RUNMETA_HOOK_TIMEOUT", `${hook} did not finish within ${timeoutMs} ms`);
    this.hook = hook;
    this.timeoutMs = timeoutMs;
  }
}

/** Thrown by `unwrap()` when the run that was waited for did not succeed. */
export class TaskRunFailedError extends RunmetaError {
  override name = "TaskRunFailedError";
  readonly taskId: string;
  readonly runId: string;

  constructor(taskId: string, runId: string, cause: unknown) {
    const problem = cause instanceof Error ? `: ${cause.message}` : "";
    super("RUNMETA_TASK_RUN_FAILED", `Run ${runId} of task "${taskId}" failed${problem}`, { cause });
    this.taskId = taskId;
    this.runId = runId;
  }
}

/** Thrown when a payload or an output cannot be written down, or what arrived cannot be read. */
export class PacketError extends RunmetaError {
  override name = "PacketError";

  constructor(problem: string, options?: { cause?: unknown }) {
    super("RUNMETA_PACKET", `Invalid payload or output: ${problem}`, options);
  }
}
