import { parseIdempotencyKey } from "./idempotency-key.ts";
import type { RemoteOutcome } from "./update-request.ts";

/** How a key relates to what was applied before. */
export type KeyVerdict =
  | { readonly kind: "new" }
  /** Applied before; `outcome` is what the first answer said about parent and root, if that is still known. */
  | { readonly kind: "duplicate"; readonly outcome: RemoteOutcome }
  /** Applied before with another body. */
  | { readonly kind: "reused" };

type PublisherEntry = [publisher: string, sequence: number, bodyHash: string, outcome?: RemoteOutcome];
type ForeignEntry = [key: string, bodyHash: string, outcome?: RemoteOutcome];

/** Short names: this text stands in every row. Both lists are oldest first. */
interface StoredState {
  readonly p?: PublisherEntry[];
  readonly f?: ForeignEntry[];
}

const publisherLimit = 64;
const foreignLimit = 32;

/** 128 bits: the hash only has to tell bodies apart that one client sends under one key. */
const hashCharacters = 32;

/** JSON characters of an outcome that are worth a place in the row; above it the list of ineffective operations goes first. */
const outcomeCharacters = 2048;

const nothingToSay: RemoteOutcome = { refused: [], ineffective: [] };

/**
 * The keys that a run's row remembers (I9): of each of the newest 64 publishers the last sequence, and the last 32 foreign
 * keys, each with a hash of its body. It is written by the statement that writes the document, so the two cannot disagree.
 */
export class DedupeState {
  readonly #publishers: Map<string, PublisherEntry>;
  readonly #foreign: Map<string, ForeignEntry>;
  readonly #storedText: string;
  #changed = false;

  /** @param text what the row holds; `""` and `"{}"` are the empty state. */
  constructor(text: string) {
    const stored = (text === "" ? {} : JSON.parse(text)) as StoredState;
    this.#storedText = text;
    this.#publishers = new Map(stored.p?.map((entry) => [entry[0], entry]));
    this.#foreign = new Map(stored.f?.map((entry) => [entry[0], entry]));
  }

  /** Whether `record` was called, so that the row must be written. */
  get changed(): boolean {
    return this.#changed;
  }

  check(idempotencyKey: string, bodyHash: string): KeyVerdict {
    const key = parseIdempotencyKey(idempotencyKey);
    if (key.kind === "foreign") {
      const entry = this.#foreign.get(key.key);
      return entry === undefined ? { kind: "new" } : verdict(entry[1], bodyHash, entry[2]);
    }
    const entry = this.#publishers.get(key.publisher);
    if (entry === undefined || key.sequence > entry[1]) return { kind: "new" };
    // A publisher has one batch on its way at a time: a lower number is a late copy of one that was answered.
    if (key.sequence < entry[1]) return { kind: "duplicate", outcome: nothingToSay };
    return verdict(entry[2], bodyHash, entry[3]);
  }

  record(idempotencyKey: string, bodyHash: string, outcome: RemoteOutcome): void {
    const key = parseIdempotencyKey(idempotencyKey);
    const hash = bodyHash.slice(0, hashCharacters);
    const kept = worthKeeping(outcome);
    this.#changed = true;
    if (key.kind === "batch") {
      const { publisher, sequence } = key;
      const entry: PublisherEntry = kept ? [publisher, sequence, hash, kept] : [publisher, sequence, hash];
      putNewest(this.#publishers, publisher, entry, publisherLimit);
    } else {
      putNewest(this.#foreign, key.key, kept ? [key.key, hash, kept] : [key.key, hash], foreignLimit);
    }
  }

  /** The text for the row; the one it was made from when nothing was recorded. */
  toText(): string {
    if (!this.#changed) return this.#storedText;
    const state: StoredState = {
      ...(this.#publishers.size > 0 && { p: [...this.#publishers.values()] }),
      ...(this.#foreign.size > 0 && { f: [...this.#foreign.values()] }),
    };
    return JSON.stringify(state);
  }
}

function verdict(known: string, bodyHash: string, outcome: RemoteOutcome | undefined): KeyVerdict {
  if (known !== bodyHash.slice(0, hashCharacters)) return { kind: "reused" };
  return { kind: "duplicate", outcome: outcome ?? nothingToSay };
}

function worthKeeping(outcome: RemoteOutcome): RemoteOutcome | undefined {
  if (outcome.refused.length === 0 && outcome.ineffective.length === 0) return undefined;
  if (JSON.stringify(outcome).length <= outcomeCharacters) return outcome;
  return { refused: outcome.refused, ineffective: [] };
}

function putNewest<Entry>(entries: Map<string, Entry>, name: string, entry: Entry, limit: number): void {
  entries.delete(name);
  entries.set(name, entry);
  if (entries.size <= limit) return;
  const oldest = entries.keys().next();
  if (!oldest.done) entries.delete(oldest.value);
}
