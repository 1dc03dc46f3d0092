import { expect, test } from "vitest";
import { parseDelay, parseDurationSeconds } from "../../src/service/duration.ts";

test.each([
  ["30s", 30],
  ["10m", 600],
  ["1h", 3600],
  ["2hr", 7200],
  ["1h30m", 5400],
  ["1d12h", 129_600],
  ["2w", 1_209_600],
  ["0s", 0],
])("%s is %d seconds", (text, seconds) => {
  expect(parseDurationSeconds(text)).toBe(seconds);
});

test.each(["", "1", "s", "1x", "30m1h", "-1s", "1.5h", "1 h", "999999999999w", "1h1h"])(
  "%j is no duration",
  (text) => {
    expect(parseDurationSeconds(text)).toBeUndefined();
  },
);

test("a delay is a duration from now or an ISO date that a database keeps", () => {
  const now = new Date("2026-01-01T00:00:00Z");
  expect(parseDelay("1h", now)?.toISOString()).toBe("2026-01-01T01:00:00.000Z");
  expect(parseDelay("2030-05-06T07:08:09.000Z", now)?.toISOString()).toBe("2030-05-06T07:08:09.000Z");
  expect(parseDelay(new Date(5), now)?.getTime()).toBe(5);
  for (const wrong of ["soon", "7", "tomorrow 5", "2026-13-45", "+012345-01-01T00:00:00Z"]) {
    expect(parseDelay(wrong, now)).toBeUndefined();
  }
  expect(parseDelay(new Date(Number.NaN), now)).toBeUndefined();
});
