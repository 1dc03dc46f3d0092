import type { JsonObject, JsonValue } from "@runmeta/runtime/protocol";

/** Longest preview in characters: more does not fit on any line, and large values must not cost anything. */
const LONGEST = 240;

/** One line of a document: `step: 3 · user: "ann" · rows: [12]`. Reads no more of it than it shows. */
export function previewOf(document: JsonObject | null | undefined, leaveOut?: string): string {
  let text = "";
  for (const key in document) {
    if (key === leaveOut) continue;
    const value = document[key];
    if (value === undefined) continue;
    text += `${text === "" ? "" : " · "}${key.slice(0, 60)}: ${shortValue(value)}`;
    if (text.length >= LONGEST) return `${text.slice(0, LONGEST)}…`;
  }
  return text;
}

function shortValue(value: JsonValue): string {
  if (typeof value === "string") {
    const oneLine = value.slice(0, 80).replaceAll(/\s+/g, " ");
    return value.length > 80 ? `${oneLine}…` : oneLine;
  }
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.length}]`;
  const keys = Object.keys(value);
  const shown = keys.slice(0, 3).map((key) => key.slice(0, 20));
  return `{${shown.join(", ")}${keys.length > 3 ? ", …" : ""}}`;
}
