import type { StreamRead } from "../../storage/storage.ts";
import { isComplete, type StreamName, type StreamService } from "./stream-service.ts";

/** Proxies cut connections on which nothing happens. */
const HEARTBEAT_MS = 15_000;

/**
 * A stream as server-sent events, from the chunk after a position on, in the official form: `id` is a time and the
 * position, `data` the chunk. It ends when nothing can come any more, or after `silenceMs` without a chunk. Holds one
 * page, which all who read the same place share; who does not read holds up nobody.
 *
 * It rejects when the server closes or the storage fails: to a client the end is the end of the stream, and a
 * connection that breaks makes it come again.
 */
export async function* streamEvents(
  streams: StreamService,
  stream: StreamName,
  after: number,
  silenceMs: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let position = after;
  let until = streams.now() + silenceMs;
  while (!signal.aborted) {
    const leftMs = until - streams.now();
    const wait = streams.next(stream, Math.max(0, Math.min(leftMs, HEARTBEAT_MS)), signal);
    try {
      const read = await streams.read(stream, position);
      const last = read?.value.chunks.at(-1);
      if (read !== undefined && last !== undefined) {
        position = last.position;
        yield read.text("events", chunkEvents);
        until = streams.now() + silenceMs;
        continue;
      }
      if (read === undefined || isComplete(read.value) || leftMs <= 0) return;
      if (!(await wait.changed) && streams.now() < until && !signal.aborted) yield ": heartbeat\n\n";
      if (streams.closed) throw new Error("the server is closing");
    } finally {
      wait.stop();
    }
  }
}

function chunkEvents({ chunks }: StreamRead): string {
  return chunks
    .map(({ writtenAtMs, position, text }) => `id: ${writtenAtMs}-${position}\ndata: ${text}\n\n`)
    .join("");
}

/**
 * The position that a `Last-Event-ID` names: the part behind the dash of an event's id, or a bare number, as
 * `streams.read({ startIndex })` sends it. -1, the beginning, for what is neither.
 */
export function positionOfEvent(id: string | undefined): number {
  const digits = /^(?:\d{1,15}-)?(\d{1,9})$/.exec(id ?? "")?.[1];
  return digits === undefined ? -1 : Number(digits);
}
