import { currentScope } from "../context/context-storage.ts";
import { ConfigError, isRunmetaError } from "../errors.ts";
import { requireApiClient } from "./configure.ts";
import { pathSegment } from "./path-segment.ts";
import { replyString } from "./reply-field.ts";

/** What a key is unique within: this run, this attempt of it, or the whole environment. */
export type IdempotencyKeyScope = "run" | "attempt" | "global";

/** What the caller wrote, sent along so that the API can show it in place of the hash. */
export interface IdempotencyKeyOrigin {
  readonly key: string;
  readonly scope: IdempotencyKeyScope;
}

/** The newest keys made here; an older one is still valid, only its origin is not sent. */
const MAX_ORIGINS = 1_000;
const origins = new Map<string, IdempotencyKeyOrigin>();

/** Hex SHA-256: a key that is this long is taken as one that was made already. */
const HASH_LENGTH = 64;

async function sha256(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function scopeParts(scope: IdempotencyKeyScope): string[] {
  const run = currentScope();
  if (run === undefined || scope === "global") return [];
  return scope === "run" ? [run.id] : [run.id, String(run.attempt)];
}

async function create(
  key: string | readonly string[],
  options?: { readonly scope?: IdempotencyKeyScope | undefined },
): Promise<string> {
  const scope = options?.scope ?? "run";
  if (scope !== "run" && scope !== "attempt" && scope !== "global") {
    throw new ConfigError(`scope must be "run", "attempt" or "global", got "${String(scope)}"`);
  }
  const parts = typeof key === "string" ? [key] : [...key];
  if (parts.length === 0 || parts.some((part) => typeof part !== "string")) {
    throw new ConfigError("an idempotency key must be a string or a list of strings with at least one");
  }
  const hash = await sha256([...parts, ...scopeParts(scope)].join("-"));
  origins.delete(hash);
  origins.set(hash, { key: parts.join("-"), scope });
  for (const oldest of origins.keys()) {
    if (origins.size <= MAX_ORIGINS) break;
    origins.delete(oldest);
  }
  return hash;
}

/** Which run an idempotency key belongs to that is reset by its text. */
export interface ResetKeyOptions {
  /** What the key is unique within. @default "run" */
  readonly scope?: IdempotencyKeyScope | undefined;
  /** The run that triggered with it, for the scopes `run` and `attempt`. @default the current run */
  readonly parentRunId?: string | undefined;
  /** For the scope `attempt`. @default the current one */
  readonly attemptNumber?: number | undefined;
}

/** The hashes that a key may have been sent as, the likeliest first. */
async function hashesOf(key: string | readonly string[], options: ResetKeyOptions): Promise<string[]> {
  const made = typeof key === "string" && key.length === HASH_LENGTH ? [key] : [];
  // A text of this length may also be a key as its user wrote it, where the scope says so.
  if (made[0] !== undefined && (origins.has(made[0]) || options.scope === undefined)) return made;
  const scope = options.scope ?? "run";
  const run = currentScope();
  const parts: (string | undefined)[] = [];
  if (scope !== "global") parts.push(options.parentRunId ?? run?.id);
  if (scope === "attempt") parts.push((options.attemptNumber ?? run?.attempt)?.toString());
  if (parts.includes(undefined)) {
    if (made.length > 0) return made;
    throw new ConfigError(
      `idempotencyKeys.reset: scope "${scope}" needs ${scope === "run" ? "parentRunId" : "parentRunId and attemptNumber"} outside a run`,
    );
  }
  return [...made, await sha256([...(typeof key === "string" ? [key] : key), ...parts].join("-"))];
}

async function reset(
  taskIdentifier: string,
  key: string | readonly string[],
  options: ResetKeyOptions = {},
): Promise<{ readonly id: string }> {
  let notFound: unknown;
  for (const hash of await hashesOf(key, options)) {
    const path = `/api/v1/idempotencyKeys/${pathSegment("the idempotency key", hash)}/reset`;
    try {
      const reply = await requireApiClient().send("POST", path, { body: { taskIdentifier } });
      return { id: replyString(`POST ${path}`, reply, "id") };
    } catch (error) {
      const unknown = isRunmetaError(error) && "status" in error && error.status === 404;
      if (!unknown) throw error;
      notFound ??= error;
    }
  }
  throw notFound;
}

/** Keys that make a trigger happen once. */
export const idempotencyKeys = {
  /**
   * A key (64 hex digits, the SHA-256 that the official client makes) for `trigger(payload, { idempotencyKey })`.
   * Inside a run, scope `run` (the default) makes it unique to the run, so a retried attempt triggers nothing twice;
   * `attempt` to the attempt. Outside a run all scopes are global.
   * @throws ConfigError for an empty list or an unknown scope
   */
  create,

  /**
   * Frees a key: the next trigger of the task with it starts a new run. Takes what `create` gave, or what was given to
   * `create` together with the same scope.
   * @throws NotFoundError when no run has the key; ConfigError where a scope needs a run and there is none
   */
  reset,
} as const;

/** The key to send for what a caller gave as `idempotencyKey`; a plain string or list has scope `run`. */
export async function resolveIdempotencyKey(
  key: string | readonly string[] | undefined,
): Promise<{ readonly hash: string; readonly origin: IdempotencyKeyOrigin | undefined } | undefined> {
  if (key === undefined || key.length === 0) return undefined;
  const hash = typeof key === "string" && key.length === HASH_LENGTH ? key : await create(key);
  return { hash, origin: origins.get(hash) };
}
