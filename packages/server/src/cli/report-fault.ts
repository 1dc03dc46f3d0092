import { explain } from "./explain.ts";

/** The same line is not printed again within this time. */
const QUIET_MS = 10_000;

/** Prints what went wrong while the server runs: one line each, and no line twice in a row for a while. */
export function faultReporter(): (error: unknown) => void {
  const printedAt = new Map<string, number>();
  return (error) => {
    const line = explain(error);
    const now = Date.now();
    if (now - (printedAt.get(line) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    if (printedAt.size > 100) printedAt.clear();
    printedAt.set(line, now);
    process.stderr.write(`runmeta: ${line}\n`);
  };
}
