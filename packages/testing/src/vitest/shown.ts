import type { MatcherState } from "vitest";

/** A value in a message, on one line. */
export function shown(matcher: MatcherState, value: unknown): string {
  return matcher.utils.stringify(value, undefined, { min: true });
}
