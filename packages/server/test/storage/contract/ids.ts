/** The ids of rows, in their order. */
export function ids(rows: readonly { readonly id: string }[]): string[] {
  return rows.map((row) => row.id);
}
