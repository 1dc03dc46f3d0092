import { runOutsideScope } from "../context/context-storage.ts";
import { readEvents } from "../http/event-stream.ts";
import { isEnded } from "../protocol/run-status.ts";
import type { ApiClient } from "./api-client.ts";
import { pause } from "./pause.ts";
import { readRun } from "./read-run.ts";
import { unreadableReply } from "./reply-field.ts";
import { asksForRetry, retryDelayMs } from "./retry-delay.ts";
import type { OutputOf, PayloadOf, RetrievedRun } from "./run-record.ts";
import { type RunWithStreams, runWithStreams } from "./run-with-streams.ts";

/** How `runs.subscribeTo…` goes on. */
export interface SubscribeOptions {
  /** Ends the subscription and closes its connection; the loop over it then ends, as after the last run. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs as they change: an async iterable that is iterated once. Leaving the loop, `unsubscribe()` and the signal close
 * the connection.
 */
export interface RunSubscription<Run = unknown>
  extends AsyncIterable<RetrievedRun<PayloadOf<Run>, OutputOf<Run>>> {
  /** Ends it from anywhere; the loop ends, too. */
  unsubscribe(): void;
}

/** A subscription to one run, which can follow its streams as well. */
export interface OneRunSubscription<Run = unknown> extends RunSubscription<Run> {
  /** The run as it changes, and the chunks of its streams: `{ type: "run", run }` or `{ type: key, chunk, run }`. */
  withStreams<Streams extends object>(): AsyncIterable<RunWithStreams<Run, Streams>>;
}

/** The server sends something every 15 s; after so long a silence the connection is dead. */
const IDLE_MS = 45_000;
/** A server that is away for less than this only delays what comes. */
const LONGEST_OUTAGE_MS = 15 * 60_000;
const RECONNECT = { minTimeoutInMs: 250, maxTimeoutInMs: 10_000 } as const;

/**
 * Follows a feed of runs. A broken connection is made again, from the last event on; a first one that fails five times,
 * and one that cannot be made again for {@link LONGEST_OUTAGE_MS}, throws ApiError, as every refusal (4xx) does.
 */
export function subscribe<Run>(
  client: ApiClient,
  feed: {
    readonly path: string;
    readonly query?: Readonly<Record<string, string | undefined>>;
    /** Of one run: the feed has an end. */
    readonly single: boolean;
  },
  { signal }: SubscribeOptions,
): OneRunSubscription<Run> {
  const stop = new AbortController();
  // The feed of the run stops first; its streams may still have something to say.
  const stopStreams = new AbortController();
  const abort = () => {
    stop.abort();
    stopStreams.abort();
  };
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  stop.signal.addEventListener("abort", () => signal?.removeEventListener("abort", abort), { once: true });
  const runs = follow<Run>(client, feed, stop);
  return {
    [Symbol.asyncIterator]: () => runs,
    unsubscribe: abort,
    withStreams: <Streams extends object>() => runWithStreams<Run, Streams>(runs, stopStreams.signal),
  };
}

async function* follow<Run>(
  client: ApiClient,
  feed: Parameters<typeof subscribe>[1],
  stop: AbortController,
): AsyncGenerator<RetrievedRun<PayloadOf<Run>, OutputOf<Run>>, void, undefined> {
  const { signal } = stop;
  const { clock } = client;
  const call = `GET ${feed.path}`;
  let lastEventId: string | undefined;
  let failures = 0;
  let lastHeardAt = clock.now();
  try {
    while (!signal.aborted) {
      const result = await runOutsideScope(() =>
        client.openEvents(feed.path, {
          query: feed.query,
          headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
          signal,
        }),
      );
      if (signal.aborted) return;
      if (result.kind === "events") {
        for await (const event of readEvents(result.body, { clock, idleMs: IDLE_MS, signal })) {
          failures = 0;
          lastHeardAt = clock.now();
          if (event.data !== "") {
            for (const body of bodiesOf(call, event.data, result.headers, feed.single)) {
              const run = await readRun<Run>(call, { status: 200, headers: result.headers, body });
              yield run;
              if (feed.single && isEnded(run.status)) return;
            }
          }
          lastEventId = event.id ?? lastEventId;
        }
        lastHeardAt = clock.now();
      } else if (result.kind === "reply" && result.status === 204) return;
      failures += 1;
      const refused =
        result.kind === "reply" && result.status < 500 && !asksForRetry(result.status, result.headers);
      const known = lastEventId !== undefined;
      const lost = known ? clock.now() - lastHeardAt > LONGEST_OUTAGE_MS : failures >= 5;
      if (result.kind !== "events" && (refused || lost)) throw client.failure(call, result, failures);
      const reply = result.kind === "reply" ? result : undefined;
      const delayMs = retryDelayMs(
        failures,
        { ...RECONNECT, maxAttempts: Number.POSITIVE_INFINITY },
        reply,
        clock,
      );
      await pause(clock, delayMs ?? RECONNECT.maxTimeoutInMs, signal).catch(() => {});
    }
  } finally {
    stop.abort();
  }
}

/** The runs in an event, unchecked. @throws ApiError when it is not JSON, or no list where there must be one */
function bodiesOf(call: string, data: string, headers: Headers, single: boolean): readonly unknown[] {
  let body: unknown;
  try {
    body = JSON.parse(data);
  } catch (cause) {
    throw unreadableReply(call, { status: 200, headers, body: data }, "has an event that is not JSON", cause);
  }
  if (single) return [body];
  if (Array.isArray(body)) return body;
  throw unreadableReply(call, { status: 200, headers, body }, "has an event that is not a list of runs");
}
