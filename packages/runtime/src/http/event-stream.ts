import type { Clock } from "../clock.ts";

/** One server-sent event. */
export interface ServerEvent {
  /** Where to go on from; the last one that was named. */
  readonly id: string | undefined;
  readonly data: string;
}

/** A longer event is no answer of a server of ours. */
const MAX_EVENT_CHARACTERS = 64 * 1024 * 1024;

/**
 * The events of a body; one with an id and without data too, as `data: ""`. Ends when the body does, when it breaks,
 * and when nothing at all came for `idleMs`: whoever wants more connects again. Whoever stops early closes the
 * connection, as the signal does.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  options: {
    readonly clock: Clock;
    readonly idleMs: number;
    readonly signal: AbortSignal;
    /** Called when the body has come to its own end: it did not break, and nobody cut it. */
    readonly onEnd?: () => void;
  },
): AsyncGenerator<ServerEvent> {
  const { clock, idleMs, signal } = options;
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (!signal.aborted && text.length <= MAX_EVENT_CHARACTERS) {
      let cut = false;
      const giveUp = () => {
        cut = true;
        cancel();
      };
      const idle = clock.setTimer(giveUp, idleMs, { keepAlive: true, deadline: true });
      const piece = await reader.read().catch(() => undefined);
      idle.cancel();
      if (piece?.done === true && !cut && !signal.aborted) options.onEnd?.();
      if (piece === undefined || piece.done) return;
      // What is complete ends with an empty line; only the new part can hold one that was not found before.
      const searchFrom = Math.max(0, text.length - 3);
      text += decoder.decode(piece.value, { stream: true });
      let end = blockEnd(text, searchFrom);
      while (end !== undefined) {
        const event = parseBlock(text.slice(0, end.from));
        text = text.slice(end.to);
        if (event !== undefined) yield event;
        end = blockEnd(text, 0);
      }
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

function blockEnd(text: string, from: number): { readonly from: number; readonly to: number } | undefined {
  const pattern = /\r?\n\r?\n/g;
  pattern.lastIndex = from;
  const found = pattern.exec(text);
  return found === null ? undefined : { from: found.index, to: pattern.lastIndex };
}

function parseBlock(block: string): ServerEvent | undefined {
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, name = "", value = ""] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
    if (name === "id") id = value;
    if (name === "data") data.push(value);
  }
  return id === undefined && data.length === 0 ? undefined : { id, data: data.join("\n") };
}
