import { memo, type ReactNode } from "react";

/** A column: what stands above it, and what it shows of a row. */
export interface Column<Row> {
  /** Also the class of its cells, which gives width and place. */
  readonly name: string;
  readonly title: ReactNode;
  /** The first link of a row is what opens it. */
  cell(row: Row, link: RowLink): ReactNode;
}

/** What the link of a row needs for the arrow keys to find it. */
export interface RowLink {
  readonly tabIndex: 0 | -1;
  readonly "data-row": number;
}

interface TableRowProps<Row> {
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly index: number;
  /** The one that the Tab key reaches. */
  readonly active: boolean;
  /** Pixels. */
  readonly height: number;
  readonly offset: number;
  onFocus(index: number): void;
}

/** A row; drawn again only when what it shows, or where, has changed. */
export const TableRow = memo(function TableRow<Row>(props: TableRowProps<Row>) {
  const { row, columns, index, active, height, offset, onFocus } = props;
  const link: RowLink = { tabIndex: active ? 0 : -1, "data-row": index };
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="table-row"
      style={{ height, transform: `translateY(${offset}px)` }}
      onFocus={() => onFocus(index)}
    >
      {columns.map((column) => (
        <div key={column.name} role="cell" className={`cell cell-${column.name}`}>
          {column.cell(row, link)}
        </div>
      ))}
    </div>
  );
}) as <Row>(props: TableRowProps<Row>) => ReactNode;
