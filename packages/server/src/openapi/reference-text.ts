import { html } from "hono/html";

/** Escaped HTML; only `html` makes it. */
export type Markup = ReturnType<typeof html>;

/** Descriptions are plain text in which back-ticks mark code and blank lines part paragraphs. */
export function paragraphs(text: string): Markup {
  return html`${text.split("\n\n").map((paragraph) => html`<p>${prose(paragraph)}</p>`)}`;
}

/** One paragraph. */
export function prose(text: string): Markup {
  // Every second part stands between two back-ticks.
  return html`${text.split("`").map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}
