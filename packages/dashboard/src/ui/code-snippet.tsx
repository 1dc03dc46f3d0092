import { CopyButton } from "./copy-button.tsx";

/** Text to copy into a terminal or a file. */
export function CodeSnippet({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <figure className="snippet" aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <pre tabIndex={0}>{text}</pre>
      <CopyButton text={text} />
    </figure>
  );
}
