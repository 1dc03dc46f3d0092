import { useSyncExternalStore } from "react";

/** `system`: as the machine has it. */
export type Theme = "system" | "light" | "dark";

const KEPT_AS = "runmeta.theme";
const THEMES: readonly Theme[] = ["system", "light", "dark"];
const listeners = new Set<() => void>();
let theme: Theme = THEMES.find((one) => one === localStorage.getItem(KEPT_AS)) ?? "system";

/** Puts the theme that this browser keeps on the document; before anything is drawn. */
export function applyTheme(): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** The theme, and what changes it. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  return [useSyncExternalStore(listen, () => theme), setTheme];
}

function setTheme(next: Theme): void {
  theme = next;
  localStorage.setItem(KEPT_AS, next);
  applyTheme();
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
