const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** "just now", "12 s ago", "3 min ago", "in 5 min"; after a month the date. `now` in milliseconds since 1970. */
export function formatRelative(at: Date, now: number): string {
  const ageMs = now - at.getTime();
  const spanMs = Math.abs(ageMs);
  // Clocks of server and browser differ a little.
  if (spanMs < 3 * SECOND_MS) return "just now";
  if (spanMs >= 30 * DAY_MS) return at.toLocaleDateString(undefined, { dateStyle: "medium" });
  const text =
    spanMs < MINUTE_MS
      ? `${Math.floor(spanMs / SECOND_MS)} s`
      : spanMs < HOUR_MS
        ? `${Math.floor(spanMs / MINUTE_MS)} min`
        : spanMs < DAY_MS
          ? `${Math.floor(spanMs / HOUR_MS)} h`
          : `${Math.floor(spanMs / DAY_MS)} d`;
  return ageMs >= 0 ? `${text} ago` : `in ${text}`;
}

/** Date and time with seconds, in the reader's time zone. */
export function formatAbsolute(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** "850 ms", "4.2 s", "3 m 12 s", "2 h 5 m", "3 d 4 h". */
export function formatDuration(ms: number): string {
  if (ms < SECOND_MS) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} m ${Math.floor((ms % MINUTE_MS) / SECOND_MS)} s`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ${Math.floor((ms % HOUR_MS) / MINUTE_MS)} m`;
  return `${Math.floor(ms / DAY_MS)} d ${Math.floor((ms % DAY_MS) / HOUR_MS)} h`;
}
