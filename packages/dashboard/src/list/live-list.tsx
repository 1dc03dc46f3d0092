import type { ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { ErrorNote } from "../ui/error-note.tsx";
import type { ListSource } from "./cursor-list.ts";
import type { Identified } from "./merge-slice.ts";
import type { Column } from "./table-row.tsx";
import { useCursorList } from "./use-cursor-list.ts";
import { VirtualTable } from "./virtual-table.tsx";

/** How often the rows on the screen are read again, in milliseconds. */
const REFRESH_MS = 1_000;

interface LiveListProps<Row extends Identified> {
  /** `runs`, also what the table is called in CSS. */
  readonly name: string;
  readonly title: string;
  readonly filterBar: ReactNode;
  /** What can be done here besides looking. */
  readonly actions?: ReactNode;
  /** The filter as text; empty when there is none. Another text is another list. */
  readonly filterText: string;
  onClearFilter(): void;
  readonly source: ListSource<Row>;
  readonly columns: readonly Column<Row>[];
  /** What stands here while the server has none at all: the first step. */
  readonly firstStep: ReactNode;
}

/** A page with a live list: its filter, its rows, and what to do where there are none. */
export function LiveList<Row extends Identified>(props: LiveListProps<Row>) {
  const { name, title, filterText, source, columns } = props;
  const list = useCursorList(`${name}?${filterText}`, source, REFRESH_MS);
  const empty = list.complete && list.rows.length === 0;
  return (
    <div className="list-page">
      <div className="page-head">
        <h1>{title}</h1>
        {props.filterBar}
        {props.actions}
      </div>
      {list.fault?.kind === "refused" ? <ErrorNote fault={list.fault} /> : null}
      {empty && filterText === "" ? props.firstStep : null}
      {empty && filterText !== "" ? (
        <EmptyState title="Nothing matches">
          <p className="muted">Take a filter away, or look at a longer time.</p>
          <Button onClick={props.onClearFilter}>Show all</Button>
        </EmptyState>
      ) : null}
      {empty ? null : (
        <VirtualTable key={filterText} name={name} label={title} list={list} columns={columns} />
      )}
    </div>
  );
}
