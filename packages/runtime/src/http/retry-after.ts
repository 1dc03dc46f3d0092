import type { Clock } from "../clock.ts";

/** A server that names a time is believed up to here; more would hang the caller. */
const LONGEST_MS = 300_000;
/** "At once" from a server that has just refused would be a loop without a pause. */
const SHORTEST_MS = 1_000;

/** A wait that a server named, kept between one second and five minutes. */
export function boundedWaitMs(delayMs: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Math.ceil(delayMs)));
}

/** Milliseconds that a `Retry-After` header (seconds or a date) asks for; undefined when it is absent or says nothing. */
export function retryAfterMs(text: string | null | undefined, clock: Clock): number | undefined {
  if (text === null || text === undefined || text.trim() === "") return undefined;
  const seconds = Number(text);
  if (!Number.isNaN(seconds)) return boundedWaitMs(seconds * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : boundedWaitMs(date - clock.wallTime());
}
