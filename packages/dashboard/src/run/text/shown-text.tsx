import { visibleText } from "./visible-text.ts";

/**
 * A text of somebody else on one line: what nobody would see is named, and what turns directions turns nothing else.
 * Short texts only; see `cutText`.
 */
export function ShownText({ text }: { readonly text: string }) {
  return (
    <bdi className="shown-text">
      {visibleText(text.replaceAll(/\r?\n/g, "⏎")).map((piece, index) =>
        piece.kind === "text" ? (
          piece.text
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name, and keep their place
          <span className="invisible" key={index}>
            {piece.text}
          </span>
        ),
      )}
    </bdi>
  );
}
