import { isEnded, type JsonObject } from "@runmeta/runtime/protocol";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { type Answer, type Fault, faultOf } from "../../api/fault.ts";
import { type RetrievedRun, retrieveRun } from "../../api/runs.ts";
import { onSignedOut } from "../../api/signed-out.ts";
import { connection } from "../../live/connection.ts";
import { shareUnchanged } from "../document/share-unchanged.ts";

/** A run as it was last heard of. */
export interface FollowedRun {
  readonly run: RetrievedRun;
  readonly document: JsonObject;
  /** When rows last changed, by their ids: `performance.now()`. What is older than a moment is left out. */
  readonly changedAt: ReadonlyMap<string, number>;
}

/** What is known of a run: nothing yet, the run, or why there is none. */
export type FeedState = { readonly followed?: FollowedRun; readonly fault?: Fault };

/** Nothing more often than this: a page that changes faster cannot be read. */
const MIN_INTERVAL_MS = 100;
/** Taking what comes may use this share of the page's time. */
const MAX_SHARE = 0.2;
/** The server says something every 15 seconds; a stream that is silent for longer is broken. */
const SILENCE_MS = 40_000;
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 5_000;
/** What changed longer ago is not shown as a change any more. */
export const CHANGE_SHOWN_MS = 1_200;

/**
 * A run, followed until it has ended. Goes on from the last event after a lost connection, and tells the page's
 * {@link connection} how it stands: comments of the stream count as signs of life, which is why this is no
 * `EventSource` (it hides them, and the status of a refusal). Of events that come faster than they can be shown only the
 * newest is read.
 */
export class RunFeed {
  readonly #id: string;
  readonly #listeners = new Set<() => void>();
  #state: FeedState = {};
  #lastEventId: string | undefined;
  #waiting: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextAt = 0;

  constructor(id: string) {
    this.#id = id;
  }

  readonly state = (): FeedState => this.#state;

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Begins to follow. @returns what ends it */
  start(): () => void {
    const end = new AbortController();
    void this.#follow(end.signal);
    return () => {
      end.abort();
      clearTimeout(this.#timer);
      this.#timer = undefined;
      connection.rest();
    };
  }

  /** A run that came another way; taken when it is newer than what is known. */
  offer(run: RetrievedRun): void {
    const known = this.#state.followed?.run;
    if (known === undefined || known.updatedAt <= run.updatedAt) this.#take(run);
  }

  /** The run as it is now, whether or not its events come through. Ends nothing that is under way. */
  async readAgain(): Promise<Answer<RetrievedRun> | undefined> {
    const answer = await retrieveRun(this.#id);
    if (answer?.ok) this.offer(answer.value);
    return answer;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const outcome = await this.#readStream(signal);
      if (outcome === "over" || signal.aborted) return;
      if (outcome === "broken") failures = 0;
      connection.lost();
      await pause(Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** failures), signal);
      failures++;
    }
  }

  /** `over`: there is nothing more to come. `broken`: it was read for a while. `refused`: it was not. */
  async #readStream(signal: AbortSignal): Promise<"over" | "broken" | "refused"> {
    const silence = new AbortController();
    const watch = (): ReturnType<typeof setTimeout> => setTimeout(() => silence.abort(), SILENCE_MS);
    let watched = watch();
    try {
      const response = await fetch(`/api/v1/runs/${encodeURIComponent(this.#id)}/events`, {
        headers: {
          accept: "text/event-stream",
          "x-runmeta-dashboard": "1",
          ...(this.#lastEventId === undefined ? {} : { "last-event-id": this.#lastEventId }),
        },
        cache: "no-store",
        credentials: "same-origin",
        signal: AbortSignal.any([signal, silence.signal]),
      });
      if (response.status === 204) return this.#over();
      if (!response.ok || response.body === null) return await this.#refused(response);
      const parser = createParser({ onEvent: (event) => this.#hear(event) });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(watched);
        watched = watch();
        connection.good();
        parser.feed(value);
      }
      this.#takeWaiting();
      const run = this.#state.followed?.run;
      return run !== undefined && isEnded(run.status) ? this.#over() : "broken";
    } catch {
      return "broken";
    } finally {
      clearTimeout(watched);
    }
  }

  #over(): "over" {
    connection.good();
    return "over";
  }

  async #refused(response: Response): Promise<"over" | "refused"> {
    const fault = faultOf(response.status, await response.json().catch(() => undefined));
    // An id of another life of the run: from the beginning then.
    if (response.status === 400 && this.#lastEventId !== undefined) {
      this.#lastEventId = undefined;
      return "refused";
    }
    if (fault.kind === "signed-out") onSignedOut.tell();
    if (fault.kind === "offline" || response.status === 429 || response.status >= 500) return "refused";
    connection.good();
    this.#set({ ...this.#state, fault });
    return "over";
  }

  #hear({ id, data }: EventSourceMessage): void {
    this.#lastEventId = id ?? this.#lastEventId;
    this.#waiting = data;
    this.#timer ??= setTimeout(() => this.#takeWaiting(), Math.max(0, this.#nextAt - performance.now()));
  }

  #takeWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting === undefined) return;
    const startedAt = performance.now();
    const run = JSON.parse(this.#waiting) as RetrievedRun;
    this.#waiting = undefined;
    this.#take(run);
    const tookMs = performance.now() - startedAt;
    this.#nextAt = startedAt + Math.max(MIN_INTERVAL_MS, tookMs / MAX_SHARE);
  }

  #take(run: RetrievedRun): void {
    const now = performance.now();
    const before = this.#state.followed;
    const { metadata = {}, ...rest } = run;
    const shared =
      before === undefined
        ? { document: metadata, changed: new Set<string>() }
        : shareUnchanged(before.document, metadata);
    const changedAt = new Map([...(before?.changedAt ?? [])].filter(([, at]) => at > now - CHANGE_SHOWN_MS));
    for (const id of shared.changed) changedAt.set(id, now);
    this.#set({ followed: { run: rest, document: shared.document, changedAt } });
  }

  #set(state: FeedState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** Waits, but not longer than until the machine is online again or somebody looks at the tab. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      window.removeEventListener("online", over);
      document.removeEventListener("visibilitychange", over);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    window.addEventListener("online", over);
    document.addEventListener("visibilitychange", over);
    signal.addEventListener("abort", over);
  });
}
