import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Client, type ClientConfig } from "pg";
import type { RunAnnouncements } from "./run-announcements.ts";

/** PostgreSQL takes 7,999 bytes a message. */
const MAX_MESSAGE_LENGTH = 7_500;
/** While the database is away; beyond it others are told to look at everything. */
const MAX_WAITING = 20_000;
const EVERYTHING = "*";
const RECONNECT_MS = [50, 250, 1_000, 3_000];
/** A connection that a firewall has forgotten is silent like one on which nothing happens: ask now and then. */
const PING_MS = 10_000;
const QUERY_TIMEOUT_MS = 5_000;
/** How long a goodbye may take, in either direction. */
const CLOSE_MS = 1_000;

/**
 * `LISTEN` and `NOTIFY` on one connection of their own. Ids are sent after the commit of what they are about; while one
 * message is under way the next ones collect, so that a busy server sends few. A crash between commit and message, or a
 * proxy that does not pass messages on, costs time and nothing else: whoever waits looks again when the wait ends.
 */
export class PostgresAnnouncements implements RunAnnouncements {
  readonly #config: ClientConfig;
  readonly #channel: string;
  /** Our own messages come back to us too. */
  readonly #origin = randomUUID();
  readonly #listeners = new Set<(ids: readonly string[] | undefined) => void>();
  readonly #waiting = new Set<string>();
  #stop = new AbortController();
  #client: Client | undefined;
  #connecting: Promise<void> | undefined;
  #sending: Promise<void> | undefined;

  constructor(config: ClientConfig, channel: string) {
    this.#config = config;
    this.#channel = channel;
  }

  announce(ids: readonly string[]): void {
    if (this.#waiting.has(EVERYTHING)) return;
    for (const id of ids) this.#waiting.add(id);
    if (this.#waiting.size > MAX_WAITING) {
      this.#waiting.clear();
      this.#waiting.add(EVERYTHING);
    }
    this.#send();
  }

  subscribe(listener: (ids: readonly string[] | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  open(): void {
    if (this.#stop.signal.aborted) this.#stop = new AbortController();
    this.#connecting ??= this.#stayConnected();
  }

  async close(): Promise<void> {
    await Promise.race([this.#sending, delay(CLOSE_MS, undefined, { ref: false })]);
    this.#stop.abort();
    await this.#connecting;
    this.#connecting = undefined;
  }

  async #stayConnected(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      const client = new Client({ ...this.#config, keepAlive: true, query_timeout: QUERY_TIMEOUT_MS });
      const lost = new AbortController();
      const stopped = () => lost.abort();
      signal.addEventListener("abort", stopped, { once: true });
      client.on("error", stopped).on("end", stopped);
      client.on("notification", ({ payload }) => this.#hear(payload ?? ""));
      try {
        await client.connect();
        // Losing a message is harmless, and so it need not wait for the disk.
        await client.query("SET synchronous_commit = off");
        await client.query(`LISTEN ${client.escapeIdentifier(this.#channel)}`);
        failures = 0;
        this.#client = client;
        this.#tell(undefined);
        this.#send();
        while (!lost.signal.aborted) {
          await delay(PING_MS, undefined, { signal: lost.signal, ref: false });
          await client.query("SELECT 1");
        }
      } catch {
        // Lost, or stopped; either way the next round decides.
      } finally {
        this.#client = undefined;
        signal.removeEventListener("abort", stopped);
        await Promise.race([client.end().catch(() => undefined), delay(CLOSE_MS, undefined, { ref: false })]);
      }
      const waitMs = RECONNECT_MS[Math.min(failures++, RECONNECT_MS.length - 1)];
      await delay(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #hear(message: string): void {
    const [origin, ids = ""] = message.split(" ", 2);
    if (origin === this.#origin) return;
    this.#tell(ids === EVERYTHING ? undefined : ids.split(","));
  }

  #tell(ids: readonly string[] | undefined): void {
    for (const listener of this.#listeners) listener(ids);
  }

  #send(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    for (let client = this.#client; client !== undefined && this.#waiting.size > 0; client = this.#client) {
      const ids = [...this.#waiting];
      this.#waiting.clear();
      try {
        await client.query("SELECT pg_notify($1, message) FROM unnest($2::text[]) AS message", [
          this.#channel,
          this.#messages(ids),
        ]);
      } catch {
        // Those that wait are told at the next connection.
        for (const id of ids) this.#waiting.add(id);
        return;
      }
    }
  }

  #messages(ids: readonly string[]): string[] {
    const messages: string[] = [];
    let text = "";
    for (const id of ids) {
      if (text.length + id.length >= MAX_MESSAGE_LENGTH) {
        messages.push(`${this.#origin} ${text}`);
        text = "";
      }
      text += text === "" ? id : `,${id}`;
    }
    return [...messages, `${this.#origin} ${text}`];
  }
}
