import { pause } from "../client/pause.ts";
import { systemClock } from "../clock.ts";
import { currentScope } from "../context/context-storage.ts";
import { whileWaiting } from "../context/while-waiting.ts";
import { ConfigError } from "../errors.ts";
import { refused } from "../refused.ts";

/** How long to wait; the parts add up. */
export interface WaitDuration {
  readonly seconds?: number | undefined;
  readonly minutes?: number | undefined;
  readonly hours?: number | undefined;
  readonly days?: number | undefined;
  readonly weeks?: number | undefined;
  /** Of 30 days. */
  readonly months?: number | undefined;
  /** Of 365 days. */
  readonly years?: number | undefined;
}

/** Taken for compatibility and not used: a wait is over once for each attempt. */
export interface CommonWaitOptions {
  readonly idempotencyKey?: string | undefined;
  readonly idempotencyKeyTTL?: string | undefined;
}

/** What `wait.for` takes. */
export interface WaitForOptions extends WaitDuration, CommonWaitOptions {}

const MS_PER_UNIT = {
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
  weeks: 604_800_000,
  months: 2_592_000_000,
  years: 31_536_000_000,
} as const;

function durationMs(duration: WaitDuration): number {
  let total = 0;
  let given = false;
  for (const [unit, ms] of Object.entries(MS_PER_UNIT)) {
    const value = duration[unit as keyof WaitDuration];
    if (value === undefined) continue;
    if (typeof value !== "number" || !(value >= 0) || value === Infinity) {
      throw new ConfigError(`wait.for: ${unit} must be a number of 0 or more, got ${String(value)}`);
    }
    given = true;
    total += value * ms;
  }
  if (!given) throw new ConfigError(`wait.for needs one of ${Object.keys(MS_PER_UNIT).join(", ")}`);
  return total;
}

const NO_TOKENS = "end the run, and trigger another task when the answer comes";

/** A timer of Node holds 24.8 days at most. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

async function sleep(delayMs: number): Promise<void> {
  const scope = currentScope();
  const clock = scope?.clock ?? systemClock;
  const wait = { type: "duration", date: new Date(clock.wallTime() + delayMs) } as const;
  await whileWaiting(wait, async () => {
    for (let leftMs = delayMs; leftMs > 0; leftMs -= LONGEST_TIMER_MS) {
      await pause(clock, Math.min(leftMs, LONGEST_TIMER_MS), scope?.signal);
    }
    scope?.signal.throwIfAborted();
  });
}

/**
 * Pauses the run, on its own clock; the process stays alive. Rejects with the reason of the run's `signal` as soon as
 * that is aborted. Works outside a run as well.
 */
export const wait = {
  /**
   * Waits for a duration.
   * @throws ConfigError for a negative or missing duration
   * @example
   * await wait.for({ minutes: 1, seconds: 30 });
   */
  async for(duration: WaitForOptions): Promise<void> {
    await sleep(durationMs(duration));
  },

  /**
   * Waits until a date; not at all when it has passed, or with `throwIfInThePast`, throws then.
   * @throws ConfigError for an invalid date, or one that has passed
   */
  async until({
    date,
    throwIfInThePast = false,
  }: CommonWaitOptions & {
    readonly date: Date;
    readonly throwIfInThePast?: boolean;
  }): Promise<void> {
    const at = date instanceof Date ? date.getTime() : Number.NaN;
    if (Number.isNaN(at)) throw new ConfigError("wait.until: date must be a valid Date");
    const delayMs = at - (currentScope()?.clock ?? systemClock).wallTime();
    if (delayMs < 0 && throwIfInThePast) {
      throw new ConfigError(`wait.until: ${date.toISOString()} has passed`);
    }
    if (delayMs > 0) await sleep(delayMs);
  },

  /** Not supported. */
  forToken: refused("wait.forToken", NO_TOKENS),
  /** Not supported. */
  createToken: refused("wait.createToken", NO_TOKENS),
  /** Not supported. */
  listTokens: refused("wait.listTokens", NO_TOKENS),
  /** Not supported. */
  completeToken: refused("wait.completeToken", NO_TOKENS),
  /** Not supported. */
  retrieveToken: refused("wait.retrieveToken", NO_TOKENS),
} as const;
