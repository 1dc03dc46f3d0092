/** How important a line of `logger` is; `none` prints nothing. `log` counts as `info`. */
export type LogLevel = "none" | "error" | "warn" | "info" | "log" | "debug";
