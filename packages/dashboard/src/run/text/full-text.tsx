import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { formatBytes } from "../../ui/format-bytes.ts";
import { textBlocks } from "./cut-text.ts";
import { visibleLine } from "./visible-text.ts";

/** Characters that a browser lays out together. */
const BLOCK_LENGTH = 4_096;
/** What a block takes until it is measured. */
const BLOCK_HEIGHT_PX = 800;

/** All of a long text, in a dialog of its own. */
export function FullText(props: {
  readonly title: ReactNode;
  readonly text: string;
  readonly onClose: () => void;
}) {
  const { title, text, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const bytes = useMemo(() => new TextEncoder().encode(text).length, [text]);
  return (
    <dialog className="full-text" ref={dialog} onClose={onClose} aria-label="The whole text">
      <header>
        <h2 className="cut">{title}</h2>
        <span className="muted number">{formatBytes(bytes)}</span>
        <CopyButton text={() => text} />
        <Button onClick={() => dialog.current?.close()}>Close</Button>
      </header>
      <TextBlocks text={text} />
    </dialog>
  );
}

/** A text of any length: only the blocks that somebody sees are on the page. */
export function TextBlocks({ text }: { readonly text: string }) {
  const blocks = useMemo(() => textBlocks(text, BLOCK_LENGTH), [text]);
  const scroller = useRef<HTMLPreElement>(null);
  const virtualizer = useVirtualizer({
    count: blocks.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => BLOCK_HEIGHT_PX,
    overscan: 1,
  });
  if (blocks.length === 1) {
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: as below
      <pre className="text-blocks" tabIndex={0}>
        <bdi className="text-block">{visibleLine(text)}</bdi>
      </pre>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre className="text-blocks" ref={scroller} tabIndex={0}>
      <span className="text-space" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => (
          <bdi
            className="text-block"
            key={index}
            data-index={index}
            ref={virtualizer.measureElement}
            style={{ transform: `translateY(${start}px)` }}
          >
            {visibleLine(blocks[index] ?? "")}
          </bdi>
        ))}
      </span>
    </pre>
  );
}
