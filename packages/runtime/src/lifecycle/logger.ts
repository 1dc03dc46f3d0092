import { systemClock } from "../clock.ts";
import { currentScope } from "../context/context-storage.ts";
import { refused } from "../refused.ts";
import type { LogLevel } from "./log-level.ts";
import { createSpan, type LogSpan, type SpanOptions } from "./log-span.ts";
import { processRegistry } from "./process-registry.ts";

/** One line. */
export interface LogLine {
  readonly time: string;
  readonly level: Exclude<LogLevel, "none">;
  readonly message: string;
  readonly runId?: string;
  readonly task?: string;
  readonly attempt?: number;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Receives the lines. */
export type LogSink = (line: LogLine) => void;

const LEVELS: readonly LogLevel[] = ["none", "error", "warn", "info", "log", "debug"];

const slot = Symbol.for("runmeta.log-sink.v1");
const shared = globalThis as { [slot]?: LogSink | undefined };

/** A line must never fail its job, whatever was given to it. */
function toJson(line: LogLine): string {
  try {
    return JSON.stringify(line, (_, value: unknown) => {
      if (typeof value === "bigint") return value.toString();
      return value instanceof Error
        ? { name: value.name, message: value.message, stack: value.stack }
        : value;
    });
  } catch {
    return JSON.stringify({ ...line, properties: { unprintable: true } });
  }
}

function printToStandardError(line: LogLine): void {
  // Not standard output: a script's own results go there.
  globalThis.process?.stderr?.write(`${toJson(line)}\n`);
}

/** Sends the lines of `logger` elsewhere, for the whole process; undefined goes back to JSON lines on standard error. */
export function setLogSink(sink: LogSink | undefined): void {
  shared[slot] = sink;
}

function write(
  level: LogLine["level"],
  message: string,
  properties: Readonly<Record<string, unknown>> | undefined,
): void {
  const limit = processRegistry.config?.logLevel ?? "info";
  // The official SDK counts `log` as `info`: it is what people write without thinking of a level.
  const rank = LEVELS.indexOf(level === "log" ? "info" : level);
  if (rank > LEVELS.indexOf(limit)) return;
  const scope = currentScope();
  const line: LogLine = {
    time: new Date((scope?.clock ?? systemClock).wallTime()).toISOString(),
    level,
    message,
    ...(scope === undefined ? {} : { runId: scope.id, attempt: scope.attempt }),
    ...(scope?.task === undefined ? {} : { task: scope.task }),
    ...(properties === undefined ? {} : { properties }),
  };
  try {
    (shared[slot] ?? printToStandardError)(line);
  } catch {
    // A log line is not worth a run.
  }
}

function startSpan(name: string, options: SpanOptions = {}): LogSpan {
  const clock = currentScope()?.clock ?? systemClock;
  return createSpan(name, options, clock, (spanName, properties) => write("debug", spanName, properties));
}

/**
 * Structured lines that carry the run, task and attempt they come from. By default JSON on standard error, at the
 * level of the config (`info`). Never throws.
 */
export const logger = {
  debug: (message: string, properties?: Readonly<Record<string, unknown>>): void =>
    write("debug", message, properties),
  log: (message: string, properties?: Readonly<Record<string, unknown>>): void =>
    write("log", message, properties),
  info: (message: string, properties?: Readonly<Record<string, unknown>>): void =>
    write("info", message, properties),
  warn: (message: string, properties?: Readonly<Record<string, unknown>>): void =>
    write("warn", message, properties),
  error: (message: string, properties?: Readonly<Record<string, unknown>>): void =>
    write("error", message, properties),
  /**
   * Calls `body` and prints how long it took and what it set on its span, at level `debug`. Gives back what it gave,
   * throws what it threw.
   */
  async trace<T>(name: string, body: (span: LogSpan) => Promise<T>, options?: SpanOptions): Promise<T> {
    const span = startSpan(name, options);
    try {
      return await body(span);
    } catch (error) {
      span.recordException(error);
      throw error;
    } finally {
      span.end();
    }
  },
  /** A span whose end you call yourself; its line is printed then, at level `debug`. */
  startSpan,
  /** Not supported. */
  disable: refused("logger.disable", 'set logLevel: "none" in the config, or setLogSink(() => {})'),
  /** Not supported. */
  setGlobalTaskLogger: refused("logger.setGlobalTaskLogger", "use setLogSink"),
} as const;
