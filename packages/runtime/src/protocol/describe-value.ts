/** What a wrong argument is, in an error's words: `null`, `an array`, `a string`, `NaN`. It never shows the value's text. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number") return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
