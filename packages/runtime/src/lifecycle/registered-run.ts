import type { ApiClient } from "../client/api-client.ts";
import type { Clock, Timer } from "../clock.ts";
import { ApiError } from "../errors.ts";
import type { JsonObject } from "../protocol/json.ts";
import { describeError } from "./describe-error.ts";

/** A run that this process executes and a server keeps. */
export interface RegisteredRunOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly id: string;
  readonly task: string;
  /** The next one of a known run when undefined. */
  readonly attempt: number | undefined;
  readonly parentId?: string | undefined;
  readonly parentTask?: string | undefined;
  readonly rootId?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly metadata?: JsonObject | undefined;
  readonly payload?: unknown;
  readonly takeOver?: boolean | undefined;
  readonly willRetry?: ((error: unknown) => boolean) | undefined;
  /** Told when the server says that the run was cancelled, or that somebody else has taken it over. */
  readonly onCancelled: (reason: string) => void;
}

interface StartReply {
  readonly attempt: number;
  readonly metadata: JsonObject;
  readonly parentId?: string;
  readonly rootId?: string;
  readonly tags: readonly string[];
  readonly heartbeatIntervalMs?: number;
}

/** What the server knows of a run when an attempt begins. */
export interface StartedAttempt {
  readonly attempt: number;
  readonly metadata: JsonObject;
  readonly parentId: string | undefined;
  readonly rootId: string | undefined;
}

const HEARTBEAT_MS = 20_000;
const CALL_TIMEOUT_MS = 2_000;

/** Statuses that say nothing about the attempt: the key, the API itself, or "not now". */
const NO_ANSWER = new Set([401, 403, 404, 408, 425, 429]);

/**
 * Runs of this process that their server has not heard of. A child that is announced before its parent would be kept
 * as a run without one, and what it writes to its parent would land on itself.
 */
const unannouncedRuns = new Map<string, RegisteredRun>();
/** The oldest are forgotten beyond it: a server may be away for days. */
const UNANNOUNCED_RUNS = 1_000;

/**
 * Announces a run that this process executes, keeps it alive, and reports how it ended
 * (`/engine/v1/runs/{runId}`).
 */
export class RegisteredRun {
  readonly #options: RegisteredRunOptions;
  readonly #holder = crypto.randomUUID();
  #attempt: number | undefined;
  #started = false;
  #announced = true;
  #heartbeat: Timer | undefined;
  #ended = false;
  #unauthorized: string | undefined;
  #starting: Promise<StartedAttempt | undefined> | undefined;

  constructor(options: RegisteredRunOptions) {
    this.#options = options;
  }

  /** The server could not be reached when the attempt began: it must hear of the run before it takes its metadata. */
  get unannounced(): boolean {
    return !this.#announced;
  }

  /** Why the server does not take calls from here, when the key is the reason. */
  get unauthorized(): string | undefined {
    return this.#unauthorized;
  }

  /**
   * Registers the run and starts the attempt; `signal` ends the tries, of all who asked meanwhile.
   * @returns undefined when the server cannot be reached now, or does not know these calls
   * @throws ApiError when the server says that this attempt must not run (409: somebody else runs it, or it has ended)
   */
  start(signal?: AbortSignal): Promise<StartedAttempt | undefined> {
    this.#starting ??= this.#announce(signal).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #announce(signal: AbortSignal | undefined): Promise<StartedAttempt | undefined> {
    if (!(await this.#relativesAnnounced(signal))) {
      this.#isAnnounced(false);
      return undefined;
    }
    try {
      const { id, task, parentId, parentTask, rootId, tags, metadata, payload, takeOver } = this.#options;
      if (parentId !== undefined && parentTask !== undefined) {
        await this.#call("PUT", "", { task: parentTask }, { id: parentId, signal });
      }
      const description = { task, parentId, rootId, tags, metadata, payload, id };
      const known = await this.#call<{ attempt: number }>("PUT", "", description, { signal });
      this.#attempt ??= this.#options.attempt ?? known.attempt + 1;
      const attempt = { attempt: this.#attempt, holder: this.#holder, takeOver };
      const run = await this.#call<StartReply>("POST", "/start", attempt, { signal });
      this.#attempt = run.attempt;
      this.#started = true;
      this.#isAnnounced(true);
      this.#beat(run.heartbeatIntervalMs ?? HEARTBEAT_MS);
      return { attempt: run.attempt, metadata: run.metadata, parentId: run.parentId, rootId: run.rootId };
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      this.#unauthorized = status === 401 || status === 403 ? String(error) : undefined;
      // Faults of the network, of the server and of the key do not keep a job from running; a definite "no" does.
      if (status >= 400 && status < 500 && !NO_ANSWER.has(status)) {
        unannouncedRuns.delete(this.#options.id);
        throw error;
      }
      // 404: an API without these calls, whose runs are made elsewhere.
      this.#isAnnounced(status === 404);
      return undefined;
    }
  }

  #isAnnounced(announced: boolean): void {
    this.#announced = announced;
    if (announced) unannouncedRuns.delete(this.#options.id);
    else unannouncedRuns.set(this.#options.id, this);
    if (unannouncedRuns.size <= UNANNOUNCED_RUNS) return;
    for (const oldest of unannouncedRuns.keys()) {
      unannouncedRuns.delete(oldest);
      break;
    }
  }

  async #relativesAnnounced(signal: AbortSignal | undefined): Promise<boolean> {
    for (const id of new Set([this.#options.rootId, this.#options.parentId])) {
      const relative = id === undefined ? undefined : unannouncedRuns.get(id);
      if (relative === undefined || relative === this) continue;
      // That it must not run is its own to say: the server knows it then.
      await relative.start(signal).catch(() => {});
      if (unannouncedRuns.get(relative.#options.id) === relative) return false;
    }
    return true;
  }

  /**
   * Reports the end of the attempt.
   * @throws ApiError when it could not be reported; the server finds out by the missing heartbeats
   */
  async complete(
    outcome: { ok: true; output?: unknown } | { ok: false; error: unknown },
    signal: AbortSignal,
  ): Promise<void> {
    this.#ended = true;
    this.#heartbeat?.cancel();
    // Started without the server's knowledge: it must have heard of the run to be told its end.
    if (!this.#started && (await this.start(signal)) === undefined) return;
    this.#heartbeat?.cancel();
    const who = { attempt: this.#attempt, holder: this.#holder };
    const body = outcome.ok
      ? { ok: true, output: jsonOrUndefined(outcome.output), ...who }
      : {
          ok: false,
          error: describeError(outcome.error),
          retryAfterMs: this.#retryAfterMs(outcome.error),
          ...who,
        };
    await this.#options.client.request("POST", `/engine/v1/runs/${this.#options.id}/complete`, {
      body,
      signal,
    });
  }

  /** When the next attempt comes is for whoever makes it to know: the run just waits for it. */
  #retryAfterMs(error: unknown): number | undefined {
    return this.#options.willRetry?.(error) === true ? 0 : undefined;
  }

  #beat(intervalMs: number): void {
    if (this.#ended) return;
    this.#heartbeat = this.#options.clock.setTimer(() => {
      const body = { attempt: this.#attempt, holder: this.#holder };
      this.#call<{ cancelled?: boolean }>("POST", "/heartbeat", body).then(
        (reply) => {
          if (reply.cancelled === true) this.#options.onCancelled("the run was cancelled");
          else this.#beat(intervalMs);
        },
        (error: unknown) => {
          if (error instanceof ApiError && error.status === 409) this.#options.onCancelled(error.message);
          else this.#beat(intervalMs);
        },
      );
    }, intervalMs);
  }

  #call<T>(
    method: string,
    call: string,
    body: unknown,
    { id = this.#options.id, signal }: { id?: string; signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    return this.#options.client.request<T>(method, `/engine/v1/runs/${id}${call}`, {
      body,
      signal,
      timeoutMs: CALL_TIMEOUT_MS,
      retry: { maxAttempts: 2, minTimeoutInMs: 100 },
    });
  }
}

/** An output that JSON cannot hold is not worth failing the run for. */
function jsonOrUndefined(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? "null");
  } catch {
    return undefined;
  }
}
