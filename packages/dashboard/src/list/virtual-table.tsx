import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useMediaQuery } from "../ui/use-media-query.ts";
import type { ListState, VisibleRange } from "./cursor-list.ts";
import type { Identified } from "./merge-slice.ts";
import { type Column, TableRow } from "./table-row.tsx";
import { WaitingRows } from "./waiting-rows.tsx";

interface VirtualTableProps<Row extends Identified> {
  /** Names the table, and its columns in CSS (`table-runs`). */
  readonly name: string;
  readonly label: string;
  readonly list: ListState<Row> & { show(range: VisibleRange): void };
  readonly columns: readonly Column<Row>[];
}

/** Heights in pixels: one line of cells, or a card on a phone. */
const ROW_HEIGHT = 52;
const CARD_HEIGHT = 104;
/** Below this a row is a card; the stylesheet has the same number. */
const PHONE = "(max-width: 720px)";

/** Rows of a list of any length: only those on the screen exist. Arrows, Page up/down, Home and End move between them. */
export function VirtualTable<Row extends Identified>({ name, label, list, columns }: VirtualTableProps<Row>) {
  const { rows, complete } = list;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const [wanted, setWanted] = useState<number>();
  const height = useMediaQuery(PHONE) ? CARD_HEIGHT : ROW_HEIGHT;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 8,
    // The focused row stays, so that the focus does.
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      return active < rows.length && !shown.includes(active) ? [...shown, active].sort(ascending) : shown;
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: all rows have another height now
  useEffect(() => virtualizer.measure(), [height]);

  const { startIndex = 0, endIndex = 0 } = virtualizer.range ?? {};
  // biome-ignore lint/correctness/useExhaustiveDependencies: `show` is told where the screen is, not who asks
  useEffect(() => list.show({ first: startIndex, last: endIndex }), [startIndex, endIndex, rows.length]);

  const items = virtualizer.getVirtualItems();
  useEffect(() => {
    if (wanted === undefined) return;
    const link = scroller.current?.querySelector<HTMLElement>(`[data-row="${wanted}"]`);
    if (link === null || link === undefined) return;
    link.focus({ preventScroll: true });
    setWanted(undefined);
  });

  function move(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, endIndex - startIndex - 1);
    const to = targetOf(event.key, active, page, rows.length);
    if (to === undefined) return;
    event.preventDefault();
    setActive(to);
    setWanted(to);
    virtualizer.scrollToIndex(to);
  }

  return (
    <div className="table-frame">
      <WaitingRows list={list} onShow={() => virtualizer.scrollToOffset(0)} />
      <div
        className={`table table-${name}`}
        role="table"
        aria-label={label}
        aria-rowcount={complete ? rows.length + 1 : -1}
        aria-busy={list.loading}
        ref={scroller}
        onKeyDown={move}
      >
        <div role="rowgroup" className="table-head">
          <div role="row" aria-rowindex={1} className="table-row">
            {columns.map((column) => (
              <div key={column.name} role="columnheader" className={`cell cell-${column.name}`}>
                {column.title}
              </div>
            ))}
          </div>
        </div>
        <div role="rowgroup" className="table-body" style={{ height: virtualizer.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <TableRow
                key={item.key}
                row={row}
                columns={columns}
                index={item.index}
                active={item.index === active}
                height={item.size}
                offset={item.start}
                onFocus={setActive}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function ascending(left: number, right: number): number {
  return left - right;
}

function targetOf(key: string, active: number, page: number, count: number): number | undefined {
  const last = Math.max(0, count - 1);
  switch (key) {
    case "ArrowDown":
      return Math.min(last, active + 1);
    case "ArrowUp":
      return Math.max(0, active - 1);
    case "PageDown":
      return Math.min(last, active + page);
    case "PageUp":
      return Math.max(0, active - page);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return undefined;
  }
}
