import type { JsonValue } from "@runmeta/runtime/protocol";
import { previewOf } from "../../ui/json-preview.ts";
import { cutText } from "../text/cut-text.ts";
import { ShownText } from "../text/shown-text.tsx";
import { memberCount } from "./document-rows.ts";

/** Longer texts are cut in a row; the rest is one click away. */
const MAX_ROW_TEXT = 300;

/** True for a text that a row shows only the beginning of. */
export function isLongText(value: JsonValue): value is string {
  return typeof value === "string" && (value.length > MAX_ROW_TEXT || value.includes("\n"));
}

/** A value on one line: all of it when it is short. Costs what it shows, not what there is. */
export function ValueText({ value, open }: { readonly value: JsonValue; readonly open: boolean }) {
  if (typeof value === "string") {
    const shown = cutText(value, MAX_ROW_TEXT);
    return (
      <span className="value" data-kind="string">
        "<ShownText text={shown} />
        {shown.length < value.length ? "…" : '"'}
      </span>
    );
  }
  if (typeof value !== "object" || value === null) {
    return (
      <span className="value number" data-kind={value === null ? "null" : typeof value}>
        {String(value)}
      </span>
    );
  }
  const count = memberCount(value) ?? 0;
  const isList = Array.isArray(value);
  return (
    <span className="value" data-kind="container">
      {count === 0 ? (isList ? "[]" : "{}") : countText(count, isList)}
      {open || isList ? null : (
        <span className="value-preview">
          <ShownText text={previewOf(value)} />
        </span>
      )}
    </span>
  );
}

function countText(count: number, isList: boolean): string {
  const noun = isList ? "item" : "key";
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
