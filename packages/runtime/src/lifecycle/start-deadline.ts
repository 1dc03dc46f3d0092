import type { Clock, Timer } from "../clock.ts";

/**
 * A server that does not answer must not hold up the job for long; one that is slow should be heard of before, since a run
 * that begins unannounced does not know its document and its attempt.
 */
const START_TIMEOUT_MS = 4_000;

/**
 * One bound for everything that is asked of a server between a job and its first line of code, however many requests
 * that takes (I10). Costs nothing until somebody asks for it.
 */
export class StartDeadline {
  readonly #clock: Clock;
  readonly #endsAt: number;
  #abort: AbortController | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endsAt = clock.now() + START_TIMEOUT_MS;
  }

  /** Milliseconds that are left, 0 or more. */
  get remainingMs(): number {
    return Math.max(0, this.#endsAt - this.#clock.now());
  }

  /** Aborted when the time is over and the job has not begun. */
  get signal(): AbortSignal {
    if (this.#abort !== undefined) return this.#abort.signal;
    const abort = new AbortController();
    this.#abort = abort;
    const end = () => abort.abort(new Error(`The server did not answer within ${START_TIMEOUT_MS} ms`));
    if (this.remainingMs === 0) end();
    else this.#timer = this.#clock.setTimer(end, this.remainingMs, { keepAlive: true });
    return abort.signal;
  }

  /** Nobody waits now. Who asks for a signal later has one for the time that is left. */
  end(): void {
    this.#timer?.cancel();
    this.#abort = undefined;
  }
}
