/** Which page of a list is wanted; cursors are what {@link cutPage} gave. */
export interface PageRequest<Cursor> {
  readonly limit: number;
  readonly after?: Cursor | undefined;
  readonly before?: Cursor | undefined;
}

/** The one cursor that counts: a client that goes back after it went forward sends both, and means `before`. */
export function pageSide<Cursor>(
  after: Cursor | undefined,
  before: Cursor | undefined,
): Pick<PageRequest<Cursor>, "after" | "before"> {
  return before === undefined ? { after } : { before };
}

/** A page of a list, newest first. */
export interface CursorPage<Row, Cursor> {
  readonly rows: readonly Row[];
  /** Cursors to go on from; absent where there is nothing more. */
  readonly next: Cursor | undefined;
  readonly previous: Cursor | undefined;
}

/** Makes a page of rows that were read newest first with a limit of one more, which tells whether there are more. */
export function cutPage<Row, Cursor>(
  found: readonly Row[],
  { limit, after, before }: PageRequest<Cursor>,
  cursorOf: (row: Row) => Cursor,
): CursorPage<Row, Cursor> {
  const more = found.length > limit;
  const cursor = (row: Row | undefined) => (row === undefined ? undefined : cursorOf(row));
  if (before !== undefined && after === undefined) {
    // Going back, the surplus row is the newest one, and the page we came from always follows.
    const rows = more ? found.slice(1) : found;
    return { rows, next: cursor(rows.at(-1)), previous: more ? cursor(rows[0]) : undefined };
  }
  const rows = more ? found.slice(0, limit) : found;
  return {
    rows,
    next: more ? cursor(rows.at(-1)) : undefined,
    previous: after === undefined ? undefined : cursor(rows[0]),
  };
}
