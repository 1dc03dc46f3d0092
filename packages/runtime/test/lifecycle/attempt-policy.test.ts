import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AbortTaskRunError,
  ApiError,
  MaxDurationError,
  TaskOutputError,
  TaskPayloadError,
} from "../../src/errors.ts";
import { type FailedAttempt, nextAttempt } from "../../src/lifecycle/attempt-policy.ts";
import { resolveRetryOptions, retryDelayMs } from "../../src/lifecycle/retry-options.ts";

function failed(given: Partial<FailedAttempt> = {}): FailedAttempt {
  return { error: new Error("no"), attempt: 1, retry: {}, wallTime: 1_000_000, random: () => 0, ...given };
}

describe("nextAttempt", () => {
  it("gives a run one attempt when nobody asks for retries", () => {
    expect(nextAttempt(failed({ retry: undefined }))).toEqual({ giveUp: "no-retry" });
  });

  it("has the official defaults: 3 attempts, 1 s doubling, spread by 1 to 2", () => {
    expect(nextAttempt(failed())).toEqual({ retryAfterMs: 1_000 });
    expect(nextAttempt(failed({ attempt: 2, random: () => 1 }))).toEqual({ retryAfterMs: 4_000 });
    expect(nextAttempt(failed({ attempt: 3 }))).toEqual({ giveUp: "exhausted" });
  });

  it("takes maxAttempts of the trigger over the task's, and as a wish for retries where there is no other", () => {
    expect(nextAttempt(failed({ retry: { maxAttempts: 5 }, maxAttempts: 1 }))).toEqual({
      giveUp: "exhausted",
    });
    expect(nextAttempt(failed({ retry: undefined, maxAttempts: 2 }))).toEqual({ retryAfterMs: 1_000 });
  });

  it.each([
    [new AbortTaskRunError("stop"), "aborted"],
    [Object.assign(new Error("stop"), { name: "AbortTaskRunError" }), "aborted"],
    [new TaskPayloadError("bad"), "payload"],
    [Object.assign(new Error("bad"), { name: "TaskPayloadParsedError" }), "payload"],
    [new TaskOutputError("t"), "output"],
    [new MaxDurationError(5), "timed-out"],
    [new ApiError("no such run", { status: 404 }), "refused"],
  ])("never retries %s, whatever catchError says", (error, reason) => {
    const decision = { retryDelayInMs: 5 };
    expect(nextAttempt(failed({ error, decision }))).toEqual({ giveUp: reason });
  });

  it.each([0, 408, 429, 500, 503])("retries an API error of status %i", (status) => {
    expect(nextAttempt(failed({ error: new ApiError("x", { status }) }))).toEqual({ retryAfterMs: 1_000 });
  });

  it("does what catchError decides", () => {
    const decide = (decision: FailedAttempt["decision"], more: Partial<FailedAttempt> = {}) =>
      nextAttempt(failed({ decision, ...more }));
    expect(decide({ skipRetrying: true, retryDelayInMs: 5 })).toEqual({ giveUp: "skipped" });
    expect(decide({ retryDelayInMs: 5 })).toEqual({ retryAfterMs: 5 });
    expect(decide({ retryAt: new Date(1_007_000) })).toEqual({ retryAfterMs: 7_000 });
    expect(decide({ retryAt: new Date(1) })).toEqual({ retryAfterMs: 0 });
    expect(decide({ retry: { minTimeoutInMs: 30 } })).toEqual({ retryAfterMs: 30 });
    expect(decide({ retry: { maxAttempts: 9 } }, { attempt: 3 })).toEqual({ retryAfterMs: 4_000 });
    expect(decide({ retryDelayInMs: 5 }, { retry: undefined })).toEqual({ retryAfterMs: 5 });
    expect(decide({ retryDelayInMs: 5 }, { attempt: 3 })).toEqual({ giveUp: "exhausted" });
    expect(decide({ error: new AbortTaskRunError("x") })).toEqual({ retryAfterMs: 1_000 });
  });

  it("does not retry where retries are off", () => {
    expect(nextAttempt(failed({ retriesEnabled: false }))).toEqual({ giveUp: "retries-disabled" });
  });

  it("bounds a catchError that asks for ever", () => {
    const decision = { retryDelayInMs: 0 };
    expect(nextAttempt(failed({ retry: undefined, decision, attempt: 250 }))).toEqual({
      giveUp: "exhausted",
    });
  });
});

describe("retryDelayMs", () => {
  it("never exceeds the maximum, never shrinks without jitter, and ends at maxAttempts", () => {
    const options = fc.record({
      maxAttempts: fc.integer({ min: 1, max: 20 }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      minTimeoutInMs: fc.integer({ min: 0, max: 100_000 }),
      maxTimeoutInMs: fc.integer({ min: 0, max: 1_000_000 }),
      randomize: fc.boolean(),
    });
    fc.assert(
      fc.property(options, fc.double({ min: 0, max: 1, noNaN: true }), (given, spread) => {
        const resolved = resolveRetryOptions(given);
        let last = 0;
        for (let attempt = 1; attempt < resolved.maxAttempts; attempt += 1) {
          const delayMs = retryDelayMs(resolved, attempt, () => spread) ?? Number.NaN;
          expect(delayMs).toBeGreaterThanOrEqual(last);
          expect(delayMs).toBeLessThanOrEqual(resolved.maxTimeoutInMs);
          last = delayMs;
        }
        expect(retryDelayMs(resolved, resolved.maxAttempts)).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  it("names the option that is out of range", () => {
    expect(() => resolveRetryOptions({ maxAttempts: 0 })).toThrow(
      "retry.maxAttempts must be a number of at least 1, got 0",
    );
    expect(() => resolveRetryOptions({ factor: Number.NaN })).toThrow("retry.factor");
  });
});
