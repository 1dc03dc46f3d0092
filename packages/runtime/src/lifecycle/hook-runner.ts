import type { Clock } from "../clock.ts";
import { HookTimeoutError } from "../errors.ts";
import type { BoundHook, HookKind, HookParamsOf } from "./hooks.ts";

/**
 * How long a hook may take, in milliseconds. Hooks hold a finished run open, and its place in the queue with it; a
 * minute is longer than the default timeouts of the HTTP and database calls that hooks make.
 */
const HOOK_TIMEOUT_MS = 60_000;

export interface HookRunnerOptions {
  readonly clock: Clock;
  /** @default {@link HOOK_TIMEOUT_MS} */
  readonly timeoutMs: number | undefined;
  /** Receives the error of a hook that may not change the outcome of its run. */
  readonly report: (label: string, error: unknown) => void;
}

/** Calls hooks one after another; a hook that hangs is cut, and what it does later is ignored. */
export class HookRunner {
  readonly timeoutMs: number;
  readonly #clock: Clock;
  readonly #report: HookRunnerOptions["report"];

  constructor(options: HookRunnerOptions) {
    this.#clock = options.clock;
    this.timeoutMs = options.timeoutMs ?? HOOK_TIMEOUT_MS;
    this.#report = options.report;
  }

  /** Calls one hook. Rejects with its error, or with HookTimeoutError. */
  async call<K extends HookKind>(hook: BoundHook<K>, params: HookParamsOf<K>): Promise<unknown> {
    let giveUp: (error: HookTimeoutError) => void = () => {};
    const cut = new Promise<never>((_, reject) => {
      giveUp = reject;
    });
    const timer = this.#clock.setTimer(
      () => giveUp(new HookTimeoutError(hook.label, this.timeoutMs)),
      this.timeoutMs,
      {
        keepAlive: true,
        deadline: true,
      },
    );
    try {
      return await Promise.race([hook.call(params), cut]);
    } finally {
      timer.cancel();
    }
  }

  /** Calls all of them; the first error ends it and is thrown. */
  async callAll<K extends HookKind>(
    hooks: readonly BoundHook<K>[],
    params: HookParamsOf<K>,
  ): Promise<unknown[]> {
    const results: unknown[] = [];
    for (const hook of hooks) results.push(await this.call(hook, params));
    return results;
  }

  /** Calls each of them, whatever happens to the others; errors are reported. Never rejects. */
  async callEach<K extends HookKind>(hooks: readonly BoundHook<K>[], params: HookParamsOf<K>): Promise<void> {
    for (const hook of hooks) {
      try {
        await this.call(hook, params);
      } catch (error) {
        this.#report(hook.label, error);
      }
    }
  }

  /** Asks each in turn until one answers; a hook that fails is reported and counts as silent. Never rejects. */
  async ask<K extends HookKind>(hooks: readonly BoundHook<K>[], params: HookParamsOf<K>): Promise<unknown> {
    for (const hook of hooks) {
      try {
        const answer = await this.call(hook, params);
        if (answer !== undefined && answer !== null) return answer;
      } catch (error) {
        this.#report(hook.label, error);
      }
    }
    return undefined;
  }

  report(label: string, error: unknown): void {
    this.#report(label, error);
  }
}
