import type { Clock } from "../clock.ts";
import { ApiError } from "../errors.ts";
import { backoffMs } from "../flush/backoff.ts";
import { readEvents } from "../http/event-stream.ts";
import type { StreamEndpoint } from "./stream-endpoint.ts";

/** The server sends something every 15 s; after so long a silence the connection is dead. */
const IDLE_MS = 45_000;
/** Attempts in a row without a chunk, some 25 seconds. */
const MAX_FAILURES = 8;

/** How a stream is read. */
export interface ReadStreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Seconds without a chunk after which the stream ends, 1 to 600. @default 60 */
  readonly timeoutInSeconds?: number | undefined;
  /** The place of the first chunk, from 0. @default 0 */
  readonly startIndex?: number | undefined;
  /** `latest`: only chunks that are written from now on. `startIndex` wins. @default "beginning" */
  readonly from?: "beginning" | "latest" | undefined;
}

/**
 * The chunks of a stream, those there are and those to come; iterated once. Ends when the run and all who wrote have
 * ended, and after so many seconds of silence. A connection that breaks is made again, from the last chunk on.
 *
 * @throws ApiError in the loop, for a refusal, and when the server stays away
 */
export async function* readStream<T>(
  endpoint: StreamEndpoint,
  path: string,
  options: ReadStreamOptions & { readonly clock: Clock; readonly outside: <R>(body: () => R) => R },
): AsyncGenerator<T, void, undefined> {
  const { clock, outside, timeoutInSeconds = 60, startIndex, from } = options;
  const stop = new AbortController();
  const abort = () => stop.abort();
  if (options.signal?.aborted === true) abort();
  options.signal?.addEventListener("abort", abort, { once: true });
  let lastEventId = startIndex === undefined || startIndex <= 0 ? undefined : String(startIndex - 1);
  let failures = 0;
  try {
    while (!stop.signal.aborted) {
      const headers = {
        "timeout-seconds": String(timeoutInSeconds),
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
        ...(lastEventId === undefined && from === "latest" ? { "x-trigger-stream-start": "latest" } : {}),
      };
      const result = await outside(() => endpoint.openEvents(path, { headers, signal: stop.signal }));
      if (stop.signal.aborted) return;
      let ended = false;
      if (result.kind === "events") {
        const onEnd = () => {
          ended = true;
        };
        for await (const event of readEvents(result.body, {
          clock,
          idleMs: IDLE_MS,
          signal: stop.signal,
          onEnd,
        })) {
          failures = 0;
          lastEventId = event.id ?? lastEventId;
          // What a stream holds is known to its writer only.
          yield JSON.parse(event.data) as T;
        }
      } else if (result.kind === "reply" && result.status < 500 && ![408, 425, 429].includes(result.status)) {
        const { status, text } = result;
        throw new ApiError(`GET ${path} answered ${status}: ${text.slice(0, 200)}`, { status, body: text });
      }
      if (ended || stop.signal.aborted) return;
      failures += 1;
      if (failures >= MAX_FAILURES)
        throw new ApiError(`GET ${path}: the connection broke ${failures} times in a row`, { status: 0 });
      await new Promise<void>((resolve) => {
        clock.setTimer(resolve, backoffMs(failures, Math.random(), false), { keepAlive: true });
      });
    }
  } finally {
    options.signal?.removeEventListener("abort", abort);
    abort();
  }
}
