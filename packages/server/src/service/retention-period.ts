import { parseDurationSeconds } from "./duration.ts";

/** Workers still report, and send the rest of a document, for a while after a run has ended. */
const SHORTEST_SECONDS = 60;

/** How a retention is written, for messages. */
export const RETENTION_FORM = "a duration of at least 1m, such as 12h, 30d or 8w";

/** Milliseconds of a retention (`30d`); undefined for a text that is none. */
export function parseRetentionMs(text: string): number | undefined {
  const seconds = parseDurationSeconds(text);
  return seconds === undefined || seconds < SHORTEST_SECONDS ? undefined : seconds * 1000;
}
