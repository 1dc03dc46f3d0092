import { ConfigError } from "../errors.ts";

const DEFAULT_SECONDS = 15 * 60;

const SECONDS: readonly (readonly [RegExp, number])[] = [
  [/^(?:s|secs?|seconds?)$/i, 1],
  [/^(?:m|mins?|minutes?)$/i, 60],
  [/^(?:h|hrs?|hours?)$/i, 3600],
  [/^(?:d|days?)$/i, 86_400],
  [/^(?:w|weeks?)$/i, 604_800],
  [/^(?:y|yrs?|years?)$/i, 31_557_600],
];

/**
 * When a token expires, in seconds since 1970: a date, such a number, or a time from now (`15m`, `1 hour`); in 15
 * minutes when nothing is said.
 * @throws ConfigError for anything else
 */
export function tokenExpiry(given: number | Date | string | undefined, nowSeconds: number): number {
  if (given === undefined) return nowSeconds + DEFAULT_SECONDS;
  const expiresAt =
    typeof given === "string"
      ? nowSeconds + durationSeconds(given)
      : Math.floor(given instanceof Date ? given.getTime() / 1000 : given);
  if (Number.isSafeInteger(expiresAt)) return expiresAt;
  throw new ConfigError(
    `expirationTime is ${JSON.stringify(given)}; it must be a date, seconds since 1970, or a time such as "15m", "1h", "7d"`,
  );
}

function durationSeconds(text: string): number {
  const [, count, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text) ?? [];
  const seconds = SECONDS.find(([form]) => unit !== undefined && form.test(unit))?.[1];
  return seconds === undefined ? Number.NaN : Math.round(Number(count) * seconds);
}
