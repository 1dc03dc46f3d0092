const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** While a run waits for its last flush it cannot afford the usual pauses. */
const FIRST_WHILE_DRAINING_MS = 100;
const LONGEST_WHILE_DRAINING_MS = 1_000;

/**
 * How long to wait after the `failures`-th failure in a row: 0.5 s doubling to 30 s, with 75 to 100 % jitter, so that
 * the runs of one process do not come back all at once.
 */
export function backoffMs(failures: number, random: number, draining: boolean): number {
  const first = draining ? FIRST_WHILE_DRAINING_MS : FIRST_MS;
  const longest = draining ? LONGEST_WHILE_DRAINING_MS : LONGEST_MS;
  const full = Math.min(longest, first * 2 ** Math.min(failures - 1, 16));
  return full * (0.75 + 0.25 * random);
}
