import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Clock } from "../service/clock.ts";
import type { Reply } from "./reply.ts";

/** A reader that has taken nothing for so long is gone, or might as well be. */
const STALLED_MS = 30_000;

/**
 * Writes a stream to a socket, one piece when the one before has left: what a slow reader costs is one piece and what
 * the socket holds. One that takes nothing for {@link STALLED_MS} is cut off.
 */
export async function writeStream(
  outgoing: ServerResponse,
  stream: NonNullable<Reply["stream"]>,
  clock: Clock,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  try {
    outgoing.flushHeaders();
    for await (const piece of stream(gone.signal)) {
      if (gone.signal.aborted) return;
      if (!outgoing.write(piece)) await drained(outgoing, gone.signal, clock);
    }
    outgoing.end();
  } catch {
    // Stalled, or gone: a reply cut in the middle is how the other side learns of it.
    outgoing.destroy();
  }
}

async function drained(outgoing: ServerResponse, gone: AbortSignal, clock: Clock): Promise<void> {
  const stalled = new AbortController();
  const stopTimer = clock.schedule(() => stalled.abort(), STALLED_MS);
  try {
    await once(outgoing, "drain", { signal: AbortSignal.any([gone, stalled.signal]) });
  } finally {
    stopTimer();
  }
}
