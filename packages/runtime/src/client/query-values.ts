/** One value of a filter, or several: any of them. */
export type OneOrMore<T> = T | readonly T[];

/** Values as one query parameter has them: joined by commas. */
export function joined(value: OneOrMore<string> | undefined): string | undefined {
  return value === undefined || typeof value === "string" ? value : value.join(",");
}

/** A point in time as query parameters have it: milliseconds since 1970. */
export function milliseconds(value: Date | number | undefined): string | undefined {
  return value === undefined ? undefined : String(typeof value === "number" ? value : value.getTime());
}
