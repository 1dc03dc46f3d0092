import { useMemo } from "react";
import { CopyButton } from "./copy-button.tsx";

/** Most characters that are shown at once; more than that nobody reads, and no page should have to lay out. */
const MOST_SHOWN = 100_000;

/** A JSON value, indented, to read and to copy. */
export function JsonText({ value, label }: { readonly value: unknown; readonly label: string }) {
  const text = useMemo(() => JSON.stringify(value, null, 2), [value]);
  const rest = text.length - MOST_SHOWN;
  return (
    <figure className="snippet" aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <pre tabIndex={0}>
        {text.slice(0, MOST_SHOWN)}
        {rest > 0 ? `… and ${rest} more characters; Copy takes all of them` : ""}
      </pre>
      <CopyButton text={text} />
    </figure>
  );
}
