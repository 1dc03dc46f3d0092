import type { Clock } from "../clock.ts";

type Properties = Readonly<Record<string, unknown>>;

/** How a span begins. */
export interface SpanOptions {
  readonly attributes?: Properties | undefined;
}

/**
 * A measured stretch of work, with the methods of an OpenTelemetry span that code for the official SDK calls. It belongs
 * to no trace: everything it is told stands in the one line that its end prints.
 */
export interface LogSpan {
  setAttribute(name: string, value: unknown): this;
  setAttributes(attributes: Properties): this;
  addEvent(name: string, attributes?: unknown): this;
  setStatus(status: { readonly code: number; readonly message?: string | undefined }): this;
  updateName(name: string): this;
  recordException(error: unknown): void;
  /** Prints the line; once. */
  end(): void;
  /** True until its end. */
  isRecording(): boolean;
}

/** Starts a span; `print` is called at its end. */
export function createSpan(
  name: string,
  options: SpanOptions,
  clock: Clock,
  print: (name: string, properties: Properties) => void,
): LogSpan {
  const startedAt = clock.now();
  let shownName = name;
  let ended = false;
  let status: unknown;
  let error: unknown;
  const attributes: Record<string, unknown> = { ...options.attributes };
  const events: unknown[] = [];
  const span: LogSpan = {
    setAttribute(key, value) {
      attributes[key] = value;
      return span;
    },
    setAttributes(more) {
      Object.assign(attributes, more);
      return span;
    },
    addEvent(event, eventAttributes) {
      events.push(eventAttributes === undefined ? event : { name: event, attributes: eventAttributes });
      return span;
    },
    setStatus(next) {
      status = next;
      return span;
    },
    updateName(next) {
      shownName = next;
      return span;
    },
    recordException(thrown) {
      error = thrown;
    },
    end() {
      if (ended) return;
      ended = true;
      print(shownName, {
        durationMs: Math.round(clock.now() - startedAt),
        ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
        ...(events.length === 0 ? {} : { events }),
        ...(status === undefined ? {} : { status }),
        ...(error === undefined ? {} : { error }),
      });
    },
    isRecording: () => !ended,
  };
  return span;
}
