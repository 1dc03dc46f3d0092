import { useTimeStyle } from "./time-style.ts";

/** The title of a column of times: pressed, it writes all times the other way. */
export function TimesToggle({ title }: { readonly title: string }) {
  const [style, setStyle] = useTimeStyle();
  const other = style === "relative" ? "absolute" : "relative";
  return (
    <button
      type="button"
      className="times-toggle"
      title={`Show ${other} times`}
      aria-label={`${title}, show ${other} times`}
      onClick={() => setStyle(other)}
    >
      {title}
      <span aria-hidden="true"> ⇄</span>
    </button>
  );
}
