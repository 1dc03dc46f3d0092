import type { RunHistory } from "./run-history.ts";

/** An attempt, as far as it wrote. */
export interface AttemptWrites {
  readonly attempt: number;
  /** ISO times of its first and last change. */
  readonly firstAt: string;
  readonly lastAt: string;
  readonly changes: number;
}

/** What each attempt wrote, of the changes that are known one by one. */
export function attemptWrites(history: RunHistory): AttemptWrites[] {
  const attempts = new Map<number, AttemptWrites>();
  for (const { attempt, at } of history.changes) {
    const known = attempts.get(attempt) ?? { attempt, firstAt: at, lastAt: at, changes: 0 };
    attempts.set(attempt, { ...known, lastAt: at, changes: known.changes + 1 });
  }
  return [...attempts.values()];
}

/** Where attempts after the first known one begin: how many changes there were before. */
export function attemptMarks(history: RunHistory): { readonly attempt: number; readonly index: number }[] {
  const marks: { attempt: number; index: number }[] = [];
  let attempt = history.changes[0]?.attempt;
  history.changes.forEach((change, index) => {
    // An edit after the end of a run does not go back.
    if (attempt !== undefined && change.attempt > attempt) marks.push({ attempt: change.attempt, index });
    attempt = Math.max(attempt ?? 0, change.attempt);
  });
  return marks;
}
