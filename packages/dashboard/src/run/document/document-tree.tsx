import type { JsonObject, JsonValue } from "@runmeta/runtime/protocol";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useId, useMemo, useRef, useState } from "react";
import { copyText } from "../../ui/copy-text.ts";
import { CHANGE_SHOWN_MS } from "../feed/run-feed.ts";
import type { RunHistory } from "../history/run-history.ts";
import { FullText } from "../text/full-text.tsx";
import { ActiveRow } from "./active-row.tsx";
import { type DocumentRow, documentRows, matchingRows } from "./document-rows.ts";
import { rowNamed, treeMove } from "./tree-keys.ts";
import { ROW_HEIGHT_PX, TreeRow } from "./tree-row.tsx";
import { useSparklines } from "./use-sparklines.ts";

interface DocumentTreeProps {
  readonly document: JsonObject | readonly JsonValue[];
  /** What it is, for who cannot see it. */
  readonly label: string;
  /** Only what contains this text, when it is not empty. */
  readonly find?: string;
  /** When rows changed, by id: `performance.now()`. Old changes are not shown. */
  readonly changedAt?: ReadonlyMap<string, number> | undefined;
  /** Rows that stay marked. */
  readonly marked?: ReadonlySet<string> | undefined;
  readonly history?: RunHistory | undefined;
  /** The moment that is looked at, in milliseconds since 1970; undefined for now. */
  readonly atMs?: number | undefined;
}

/** Letters that are typed with a longer pause begin another name. */
const TYPING_PAUSE_MS = 700;
const NOTHING_OPENED: ReadonlyMap<string, boolean> = new Map();

/**
 * A document as a tree of rows; only those that are seen are on the page, so any number may be open. The keyboard works
 * as in a WAI-ARIA tree, Ctrl+C copies the active value.
 */
export function DocumentTree(props: DocumentTreeProps) {
  const { document, label, find = "", changedAt, marked, history, atMs } = props;
  const [openings, setOpenings] = useState(NOTHING_OPENED);
  const [activeId, setActiveId] = useState<string>();
  const [fullText, setFullText] = useState<DocumentRow>();
  const treeId = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const typing = useRef({ text: "", at: 0 });

  const rows = useMemo(
    () => (find === "" ? documentRows(document, openings) : matchingRows(document, find)),
    [document, openings, find],
  );
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: 10,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const seen = virtualizer.getVirtualItems();
  const sparklines = useSparklines(
    seen.flatMap(({ index }) => rows[index] ?? []),
    history,
    atMs,
  );
  const found = activeId === undefined ? -1 : rows.findIndex((row) => row.id === activeId);
  const activeIndex = Math.max(0, found);
  const activeIsSeen = seen.some(({ index }) => index === activeIndex);

  const activate = useCallback((row: DocumentRow) => setActiveId(row.id), []);
  const setOpen = useCallback((changes: readonly (readonly [string, boolean])[]) => {
    setOpenings((before) => new Map([...before, ...changes]));
  }, []);
  const toggle = useCallback(
    (row: DocumentRow) => {
      if (row.expanded !== undefined) setOpen([[row.id, !row.expanded]]);
      setActiveId(row.id);
    },
    [setOpen],
  );

  const goTo = (index: number) => {
    setActiveId(rows[index]?.id);
    virtualizer.scrollToIndex(index);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const { key } = event;
    if (event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      const row = rows[activeIndex];
      if (key !== "c" || row === undefined || getSelection()?.isCollapsed === false) return;
      event.preventDefault();
      void copyText(JSON.stringify(row.value, null, 2));
      return;
    }
    const pageRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT_PX) - 1);
    const typedOn = typing.current.text !== "" && event.timeStamp - typing.current.at < TYPING_PAUSE_MS;
    const move = key === " " && typedOn ? undefined : treeMove(rows, activeIndex, key, pageRows);
    if (move === undefined) {
      if (key.length !== 1) return;
      typing.current = { text: typedOn ? typing.current.text + key : key, at: event.timeStamp };
      const named = rowNamed(rows, activeIndex, typing.current.text);
      if (named !== undefined) goTo(named);
      return;
    }
    event.preventDefault();
    if (move.kind === "go") goTo(move.index);
    else if (move.kind === "open" || move.kind === "close") setOpen([[move.row.id, move.kind === "open"]]);
    else if (move.kind === "open-siblings") {
      const { parent } = move.row;
      const closed = rows.filter((row) => row.parent === parent && row.expanded === false);
      setOpen(closed.map((row) => [row.id, true]));
    } else if (typeof move.row.value === "string") setFullText(move.row);
    if (activeId === undefined && move.kind !== "go") setActiveId(rows[activeIndex]?.id);
  };

  if (rows.length === 0) {
    return <p className="tree-empty muted">{find === "" ? "Empty" : "Nothing contains this text"}</p>;
  }
  const now = performance.now();
  return (
    <div className="tree">
      <div
        className="tree-rows"
        ref={scroller}
        role="tree"
        aria-label={label}
        tabIndex={0}
        aria-activedescendant={activeIsSeen ? `${treeId}-${activeIndex}` : undefined}
        onKeyDown={onKeyDown}
      >
        <div className="tree-space" role="presentation" style={{ height: virtualizer.getTotalSize() }}>
          {seen.map(({ index, key, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const changed = changedAt?.get(row.id);
            return (
              <TreeRow
                key={key}
                row={row}
                domId={`${treeId}-${index}`}
                top={start}
                active={found === index}
                marked={marked?.has(row.id) === true}
                changedAt={changed !== undefined && now - changed < CHANGE_SHOWN_MS ? changed : undefined}
                sparkline={sparklines.paths.get(row.id)}
                momentX={sparklines.momentX}
                onActivate={activate}
                onToggle={toggle}
                onShowAll={setFullText}
              />
            );
          })}
        </div>
      </div>
      <ActiveRow row={rows[found]} onShowAll={setFullText} />
      {fullText === undefined || typeof fullText.value !== "string" ? null : (
        <FullText
          title={<bdi>{String(fullText.name)}</bdi>}
          text={fullText.value}
          onClose={() => setFullText(undefined)}
        />
      )}
    </div>
  );
}
