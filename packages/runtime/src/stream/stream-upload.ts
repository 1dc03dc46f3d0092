import type { Clock } from "../clock.ts";
import { backoffMs } from "../flush/backoff.ts";
import type { ExchangeResult } from "../http/exchange.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import type { StreamEndpoint } from "./stream-endpoint.ts";

/** One request. */
const GROUP_CHUNKS = 500;
const GROUP_CHARACTERS = 256 * 1024;
/** What waits to be sent; beyond it the source waits, or, while the endpoint fails, chunks are lost by name. */
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024;
/** Between two requests, so that a stream of single words is not a request a word. */
const PAUSE_MS = 25;
const MAX_REPLY_BYTES = 64 * 1024;
const REPEATED = new Set([408, 409, 425, 429]);

/** What an upload works with. */
export interface StreamUploadOptions {
  readonly endpoint: StreamEndpoint;
  readonly path: string;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** 0 to 1, for the spread of waits between requests. */
  readonly random: () => number;
}

/** What of a stream was not stored. */
export interface StreamLoss {
  readonly chunks: number;
  readonly reason: string;
}

/**
 * Sends the chunks of one stream in order, in groups: what came while one group was under way is the next one. A group
 * carries the index of its first chunk, so that one that is sent again is stored once; after a request that may have
 * arrived the endpoint is asked how far it is. Never rejects.
 */
export class StreamUpload {
  readonly #with: StreamUploadOptions;
  readonly #client = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  readonly #abort = new AbortController();
  #waiting: { readonly text: string; readonly length: number }[] = [];
  #waitingCharacters = 0;
  /** Index of the first chunk that waits. */
  #index = 0;
  #created = false;
  #failures = 0;
  #ending = false;
  #lost = 0;
  #reason: string | undefined;
  /** Nothing is sent any more. */
  #over = false;
  #work: Promise<void> | undefined;
  #progress: (() => void)[] = [];
  #endPause: () => void = () => undefined;

  constructor(options: StreamUploadOptions) {
    this.#with = options;
    this.#start();
  }

  /** Takes a chunk, a JSON text. */
  add(text: string): void {
    const length = text.length;
    if (this.#over || (this.#failures > 0 && this.#waitingCharacters + length > MAX_WAITING_CHARACTERS)) {
      this.#lose(1, this.#reason ?? "the endpoint could not be reached for too long");
      return;
    }
    this.#waiting.push({ text, length });
    this.#waitingCharacters += length;
    this.#start();
  }

  /** Counts a chunk that cannot be sent. */
  skip(reason: string): void {
    this.#lose(1, reason);
  }

  /** Resolves when another chunk is welcome: there is room, or waiting for it would be in vain. */
  async room(): Promise<void> {
    while (!this.#over && this.#failures === 0 && this.#waitingCharacters >= MAX_WAITING_CHARACTERS)
      await new Promise<void>((resolve) => this.#progress.push(resolve));
  }

  /** Resolves when everything is stored, or given up; tells what was lost. */
  async finish(): Promise<StreamLoss | undefined> {
    this.#ending = true;
    this.#endPause();
    await this.#work;
    return this.#lost === 0 ? undefined : { chunks: this.#lost, reason: this.#reason ?? "" };
  }

  /** Gives up what is not stored by now. */
  abandon(reason: string): void {
    this.#giveUp(reason);
    this.#abort.abort(new Error(reason));
    this.#endPause();
  }

  #start(): void {
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
    });
  }

  async #run(): Promise<void> {
    while (!this.#over && (!this.#created || this.#waiting.length > 0)) {
      const group = this.#created ? this.#group() : undefined;
      const result = await this.#send(group);
      if (this.#over) return;
      if (result.kind === "reply" && result.status >= 200 && result.status < 300) {
        this.#failures = 0;
        if (group === undefined) this.#created = true;
        else this.#stored(group.length);
        if (
          this.#waiting.length > 0 &&
          this.#waitingCharacters < GROUP_CHARACTERS &&
          group !== undefined &&
          !this.#ending
        )
          await this.#pause(PAUSE_MS);
      } else if (result.kind === "reply" && result.status < 500 && !REPEATED.has(result.status)) {
        this.#giveUp(
          `refused with ${result.status}${result.text === "" ? "" : `: ${result.text.slice(0, 200)}`}`,
        );
      } else await this.#retry(result, group !== undefined);
    }
  }

  async #retry(result: ExchangeResult, maybeStored: boolean): Promise<void> {
    this.#failures += 1;
    this.#notify();
    const { clock, random } = this.#with;
    const asked =
      result.kind === "reply" ? retryAfterMs(result.headers.get("retry-after"), clock) : undefined;
    await this.#pause(asked ?? backoffMs(this.#failures, random(), this.#ending));
    const arrived = result.kind === "reply" ? result.status !== 429 : result.maybeSent;
    if (maybeStored && arrived && !this.#over) await this.#resume();
  }

  /** Leaves out what the endpoint has. One that does not say leaves it to the index. */
  async #resume(): Promise<void> {
    const result = await this.#exchange("HEAD", {});
    const last = /^\d+$/.exec(result.headers?.get("x-last-chunk-index") ?? "")?.[0];
    if (result.kind === "reply" && result.status === 200 && last !== undefined)
      this.#stored(Math.max(0, Math.min(this.#waiting.length, Number(last) + 1 - this.#index)));
  }

  #group(): readonly string[] {
    let characters = 0;
    const texts: string[] = [];
    for (const chunk of this.#waiting) {
      characters += chunk.length;
      if (texts.length > 0 && (texts.length >= GROUP_CHUNKS || characters > GROUP_CHARACTERS)) break;
      texts.push(chunk.text);
    }
    return texts;
  }

  #send(group: readonly string[] | undefined): Promise<ExchangeResult> {
    if (group === undefined) return this.#exchange("PUT", { "x-trigger-realtime-streams-version": "v1" });
    const headers = { "x-resume-from-chunk": String(this.#index), "x-stream-version": "v1" };
    return this.#exchange("POST", headers, `${group.join("\n")}\n`);
  }

  #exchange(
    method: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<ExchangeResult> {
    const { endpoint, path, requestTimeoutMs } = this.#with;
    return endpoint.sendOnce(method, path, {
      body,
      headers: { ...headers, "x-client-id": this.#client },
      timeoutMs: requestTimeoutMs,
      signal: this.#abort.signal,
      maxReplyBytes: MAX_REPLY_BYTES,
    });
  }

  #stored(count: number): void {
    for (const { length } of this.#waiting.splice(0, count)) this.#waitingCharacters -= length;
    this.#index += count;
    this.#notify();
  }

  #giveUp(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#waiting.length > 0) this.#lose(this.#waiting.length, reason);
    this.#reason ??= reason;
    this.#waiting = [];
    this.#waitingCharacters = 0;
    this.#notify();
  }

  #lose(chunks: number, reason: string): void {
    this.#lost += chunks;
    this.#reason ??= reason;
  }

  #notify(): void {
    for (const resolve of this.#progress.splice(0)) resolve();
  }

  async #pause(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#with.clock.setTimer(resolve, delayMs, { keepAlive: true });
      this.#endPause = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
