import type { DocumentRow } from "./document-rows.ts";

/** What a key does in a tree, as the WAI-ARIA pattern has it. */
export type TreeMove =
  | { readonly kind: "go"; readonly index: number }
  | { readonly kind: "open" | "close"; readonly row: DocumentRow }
  | { readonly kind: "open-siblings"; readonly row: DocumentRow }
  | { readonly kind: "use"; readonly row: DocumentRow };

/**
 * The move that a key makes from the active row; undefined for a key that means nothing here.
 *
 * @param pageRows rows that are seen at once
 */
export function treeMove(
  rows: readonly DocumentRow[],
  index: number,
  key: string,
  pageRows: number,
): TreeMove | undefined {
  const row = rows[index];
  if (row === undefined) return undefined;
  const last = rows.length - 1;
  const go = (to: number): TreeMove => ({ kind: "go", index: Math.min(last, Math.max(0, to)) });
  switch (key) {
    case "ArrowDown":
      return go(index + 1);
    case "ArrowUp":
      return go(index - 1);
    case "PageDown":
      return go(index + pageRows);
    case "PageUp":
      return go(index - pageRows);
    case "Home":
      return go(0);
    case "End":
      return go(last);
    case "ArrowRight":
      if (row.expanded === undefined) return undefined;
      return row.expanded ? go(index + 1) : { kind: "open", row };
    case "ArrowLeft":
      if (row.expanded === true) return { kind: "close", row };
      return row.parent === undefined ? undefined : go(rows.indexOf(row.parent));
    case "*":
      return { kind: "open-siblings", row };
    case "Enter":
    case " ":
      if (row.expanded === undefined) return { kind: "use", row };
      return { kind: row.expanded ? "close" : "open", row };
    default:
      return undefined;
  }
}

/** The next row whose name begins with what was typed, after the active one and around; the active one itself last. */
export function rowNamed(rows: readonly DocumentRow[], index: number, typed: string): number | undefined {
  const wanted = typed.toLowerCase();
  // The first letter moves on; more letters say better which one is meant.
  const first = typed.length === 1 ? 1 : 0;
  for (let step = first; step < rows.length + first; step++) {
    const at = (index + step) % rows.length;
    if (String(rows[at]?.name).toLowerCase().startsWith(wanted)) return at;
  }
  return undefined;
}
