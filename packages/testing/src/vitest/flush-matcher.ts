import { IDEMPOTENCY_KEY_HEADER } from "@runmeta/runtime/protocol";
import type { MatcherResult, MatcherState } from "vitest";
import type { TestRun } from "../test-run.ts";
import { runOf } from "./run-of.ts";
import { shown } from "./shown.ts";

/** `toHaveFlushed({ times? })`; see the module augmentation for what it means. */
export function toHaveFlushed(
  this: MatcherState,
  subject: unknown,
  options: { readonly times?: unknown } = {},
): MatcherResult {
  const run = runOf(subject, "toHaveFlushed");
  const verb = this.isNot ? "not to have" : "to have";
  const { pending, dropped, accepted } = run.stats;
  const stored = pending === 0 && dropped === 0;
  const state = `${accepted} writes: ${pending} pending, ${dropped} dropped`;
  if (options.times === undefined) {
    return { pass: stored, message: () => `expected run ${run.id} ${verb} stored every write; ${state}` };
  }
  const { times } = options;
  const actual = storedBatches(run);
  return {
    pass: this.equals(actual, times),
    message: () =>
      `expected run ${run.id} ${verb} flushed ${shown(this, times)} times, it did ${actual} times (${state}):\n${listRequests(run)}`,
    actual,
    expected: times,
  };
}

const metadataRequests = (run: TestRun) =>
  run.requests.filter(
    ({ method, url }) => method === "PUT" && url.endsWith(`/runs/${encodeURIComponent(run.id)}/metadata`),
  );

/** A batch that was sent again is one batch. */
function storedBatches(run: TestRun): number {
  const answered = metadataRequests(run).filter(({ status }) => status === 200);
  return new Set(answered.map(({ headers }, index) => headers[IDEMPOTENCY_KEY_HEADER] ?? index)).size;
}

function listRequests(run: TestRun): string {
  const lines = metadataRequests(run).map(
    ({ at, status, fault, body }) =>
      `  at ${at} ms: ${status ?? fault ?? "no answer"} ${JSON.stringify(body)}`,
  );
  return lines.length === 0 ? "  no metadata request was sent" : lines.join("\n");
}
