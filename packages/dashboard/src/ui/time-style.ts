import { useSyncExternalStore } from "react";

/** `relative`: "3 min ago". `absolute`: date and time. The other one is in the title. */
export type TimeStyle = "relative" | "absolute";

const KEPT_AS = "runmeta.times";
const listeners = new Set<() => void>();
let style: TimeStyle = localStorage.getItem(KEPT_AS) === "absolute" ? "absolute" : "relative";

/** How every {@link Time} on the page is written; kept in this browser. */
export function useTimeStyle(): readonly [TimeStyle, (style: TimeStyle) => void] {
  return [useSyncExternalStore(listen, () => style), setTimeStyle];
}

function setTimeStyle(next: TimeStyle): void {
  style = next;
  localStorage.setItem(KEPT_AS, next);
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
