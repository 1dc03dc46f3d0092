/** Rows of a list, in its order; those that are known so far. */
export type Rows<Row> = readonly Row[];

/** What a row is recognised by. */
export interface Identified {
  readonly id: string;
}

/**
 * Puts what was just read in the place of what was held there.
 *
 * @param held what was known
 * @param from index of the first row that was read again; those before it stay
 * @param slice the rows as they are now, from there on without a gap
 * @param reachedEnd nothing comes after the slice
 * @returns the rows, and whether those held after the slice are still known to follow it
 */
export function mergeSlice<Row extends Identified>(
  held: Rows<Row>,
  from: number,
  slice: Rows<Row>,
  reachedEnd: boolean,
): { readonly rows: Rows<Row>; readonly keptTail: boolean } {
  const head = held.slice(0, from);
  const last = slice.at(-1);
  const fresh = withSameObjects(held, from, slice);
  if (reachedEnd || last === undefined) return { rows: [...head, ...fresh], keptTail: false };
  const lastIndex = held.findIndex((row, index) => index >= from && row.id === last.id);
  // Between a last row that nobody knew and what was held there may be others.
  if (lastIndex === -1) return { rows: [...head, ...fresh], keptTail: false };
  return { rows: [...head, ...fresh, ...held.slice(lastIndex + 1)], keptTail: true };
}

/** Rows that have not changed stay the same objects, so that they are not drawn again. */
function withSameObjects<Row extends Identified>(held: Rows<Row>, from: number, slice: Rows<Row>): Rows<Row> {
  const known = new Map(held.slice(from, from + 2 * slice.length).map((row) => [row.id, row]));
  return slice.map((row) => {
    const before = known.get(row.id);
    return before !== undefined && JSON.stringify(before) === JSON.stringify(row) ? before : row;
  });
}
