import { type CSSProperties, memo } from "react";
import { CopyButton } from "../../ui/copy-button.tsx";
import { cutText } from "../text/cut-text.ts";
import { ShownText } from "../text/shown-text.tsx";
import { type DocumentRow, rowPath } from "./document-rows.ts";
import { metadataPath } from "./metadata-path.ts";
import { isLongText, ValueText } from "./value-text.tsx";

/** A row is one line, so that the place of each is known without laying it out. */
export const ROW_HEIGHT_PX = 28;
const MAX_ROW_NAME = 80;

interface TreeRowProps {
  readonly row: DocumentRow;
  readonly domId: string;
  readonly top: number;
  readonly active: boolean;
  /** It stays marked as changed. */
  readonly marked: boolean;
  /** When it changed last, while that is shown; another time flashes again. */
  readonly changedAt: number | undefined;
  /** The path of its sparkline, where it is a number that moved. */
  readonly sparkline: string | undefined;
  /** Where the moment that is looked at stands in it. */
  readonly momentX: number | undefined;
  readonly onActivate: (row: DocumentRow) => void;
  readonly onToggle: (row: DocumentRow) => void;
  readonly onShowAll: (row: DocumentRow) => void;
}

/** One line of a tree. What its buttons do, the keyboard does from the tree. */
export const TreeRow = memo(function TreeRow(props: TreeRowProps) {
  const { row, active, changedAt, onToggle, onShowAll } = props;
  const { value, expanded, level } = row;
  const style = { "--level": level, transform: `translateY(${props.top}px)` } as CSSProperties;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keyboard, with the active row as its descendant
    // biome-ignore lint/a11y/useFocusableInteractive: as above
    <div
      className="tree-row"
      role="treeitem"
      id={props.domId}
      aria-level={level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={expanded}
      aria-selected={active}
      data-marked={props.marked || undefined}
      style={style}
      onClick={() => props.onActivate(row)}
      onDoubleClick={() => onToggle(row)}
    >
      {changedAt === undefined ? null : <span className="tree-flash" key={changedAt} />}
      <span
        className="tree-twisty"
        data-open={expanded}
        aria-hidden="true"
        onClick={() => onToggle(row)}
        onDoubleClick={(event) => event.stopPropagation()}
      />
      <span className="tree-name" data-kind={typeof row.name}>
        <ShownText text={cutText(String(row.name), MAX_ROW_NAME)} />
      </span>
      <ValueText value={value} open={expanded === true} />
      {isLongText(value) ? (
        <button type="button" className="tree-more" tabIndex={-1} onClick={() => onShowAll(row)}>
          Show all
        </button>
      ) : null}
      {props.sparkline === undefined ? null : <Sparkline path={props.sparkline} momentX={props.momentX} />}
      <span className="tree-actions">
        <CopyButton tabIndex={-1} text={() => metadataPath(rowPath(row)).text} label="Copy path" />
        <CopyButton tabIndex={-1} text={() => JSON.stringify(value, null, 2)} label="Copy JSON" />
      </span>
    </div>
  );
});

/** What a sparkline is drawn into; the line needs a pixel around it. */
export const SPARKLINE_WIDTH = 96;
export const SPARKLINE_HEIGHT = 16;

function Sparkline({ path, momentX }: { readonly path: string; readonly momentX: number | undefined }) {
  return (
    <svg
      className="sparkline"
      viewBox={`-1 -1 ${SPARKLINE_WIDTH + 2} ${SPARKLINE_HEIGHT + 2}`}
      width={SPARKLINE_WIDTH + 2}
      height={SPARKLINE_HEIGHT + 2}
      aria-hidden="true"
    >
      <path d={path} />
      {momentX === undefined ? null : (
        <path className="sparkline-moment" d={`M${momentX} -1V${SPARKLINE_HEIGHT + 1}`} />
      )}
    </svg>
  );
}
