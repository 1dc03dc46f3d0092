const SECONDS: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3_600, hr: 3_600, m: 60, s: 1 };

/** Longest duration accepted: 100 years, far inside what a date can hold. */
const MAX_SECONDS = 100 * 365 * 86_400;

/**
 * Durations as clients write them: `30s`, `10m`, `1h`, `7d`, `2w`, or several of them from large to small (`1h30m`).
 * Undefined for anything else.
 */
export function parseDurationSeconds(text: string): number | undefined {
  const parts =
    /^(?:(\d{1,12})w)?(?:(\d{1,12})d)?(?:(\d{1,12})(?:hr|h))?(?:(\d{1,12})m)?(?:(\d{1,12})s)?$/.exec(text);
  if (parts === null || text === "") return undefined;
  const units = ["w", "d", "h", "m", "s"];
  let seconds = 0;
  for (const [index, unit] of units.entries())
    seconds += Number(parts[index + 1] ?? 0) * (SECONDS[unit] ?? 0);
  return seconds <= MAX_SECONDS ? seconds : undefined;
}

/** Seconds as clients write durations, largest unit first: 90 is `1m30s`. */
export function formatDuration(seconds: number): string {
  let rest = seconds;
  let text = "";
  for (const unit of ["w", "d", "h", "m", "s"]) {
    const size = SECONDS[unit] ?? 1;
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === "" ? "0s" : text;
}

/** When a delayed run is due: a duration from `now`, or an ISO date. Undefined for anything else. */
export function parseDelay(delay: string | Date, now: Date): Date | undefined {
  if (delay instanceof Date) return isStorable(delay) ? delay : undefined;
  const seconds = parseDurationSeconds(delay);
  if (seconds !== undefined) return new Date(now.getTime() + seconds * 1000);
  // `new Date` also reads "7" or "tomorrow 5": only what starts like an ISO date is one.
  const date = /^\d{4}-\d{2}-\d{2}/.test(delay) ? new Date(delay) : undefined;
  return date !== undefined && isStorable(date) ? date : undefined;
}

function isStorable(date: Date): boolean {
  const time = date.getTime();
  // NaN compares false; beyond these years PostgreSQL and ISO text part ways.
  return time >= 0 && time < Date.UTC(9999, 0);
}
