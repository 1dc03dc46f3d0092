import { HttpError } from "../http/http-error.ts";
import type { RunFeed } from "../service/realtime/run-feed.ts";

/** @throws HttpError 429 when as many follow runs as there is room for */
export function requireRoom(feed: RunFeed): void {
  if (feed.full) throw new HttpError(429, "Too many concurrent requests", { "retry-after": "5" });
}

/** Events, counted as a subscriber from the first that is asked for until they end. */
export async function* followed(feed: RunFeed, events: AsyncIterable<string>): AsyncGenerator<string> {
  const leave = feed.enter();
  try {
    yield* events;
  } finally {
    leave();
  }
}

/**
 * A wait of one request, counted as a subscriber while it lasts.
 *
 * @throws HttpError 429 when there is no room
 */
export async function held<Found>(feed: RunFeed, wait: () => Promise<Found>): Promise<Found> {
  requireRoom(feed);
  const leave = feed.enter();
  try {
    return await wait();
  } finally {
    leave();
  }
}
