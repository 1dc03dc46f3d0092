import type { Table } from "./table.ts";

/** Ratios by the name of their table and line. */
export type Ratios = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What is left of a committed ratio before it counts as lost: rounds on a busy machine differ by less. */
const CLEAR_LOSS = 0.5;

/** The ratios of measured tables, as they are committed; three digits are all that repeats. */
export function ratiosOf(measured: Readonly<Record<string, Table>>): Ratios {
  return Object.fromEntries(
    Object.entries(measured).map(([name, { lines }]) => [
      name,
      Object.fromEntries(lines.map((line) => [line.name, Number(line.ratio.toPrecision(3))])),
    ]),
  );
}

/** Each ratio that is clearly lower than the committed one, as a sentence. */
export function losses(committed: Ratios, measured: Ratios): string[] {
  return Object.entries(measured).flatMap(([table, lines]) =>
    Object.entries(lines).flatMap(([name, ratio]) => {
      const before = committed[table]?.[name];
      if (before === undefined || ratio >= before * CLEAR_LOSS) return [];
      return [`${table}: "${name}" was ${before} times the peer and is ${ratio}`];
    }),
  );
}
