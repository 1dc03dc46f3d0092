import type { Drop } from "../../src/options.ts";
import type { JsonObject, Operation } from "../../src/protocol/index.ts";
import { Ledger } from "../../src/store/ledger.ts";
import { MetadataStore } from "../../src/store/metadata-store.ts";
import { Outbox } from "../../src/store/outbox.ts";
import type { Call } from "./reference-document.ts";

/** A store as `openRun` makes it, without a flusher. */
export function openStore(
  document: JsonObject = {},
  {
    limitBytes = 4_096,
    maxPendingBytes = 1_048_576,
    replaceOnly = false,
    onDrop,
  }: {
    limitBytes?: number;
    maxPendingBytes?: number;
    replaceOnly?: boolean;
    onDrop?: (drop: Drop) => void;
  } = {},
): MetadataStore {
  const ledger = new Ledger({ id: "run_test", dropped: (drop) => onDrop?.(drop) });
  return new MetadataStore(document, limitBytes, new Outbox({ ledger, maxPendingBytes, replaceOnly }));
}

export function perform(store: MetadataStore, call: Call): void {
  switch (call.call) {
    case "replace":
      return store.replace(call.value);
    case "del":
      return store.del(call.key);
    case "increment":
      return store.increment(call.key, call.value);
    default:
      return store[call.call](call.key, call.value);
  }
}

/** Takes what is unsent, as text: what a request would carry, cut off from the document. */
export function cutText(
  store: MetadataStore,
  maxBytes = 1_000_000,
): { operations: Operation[]; count: number } | undefined {
  const cut = store.cut(maxBytes);
  if (cut === undefined) return undefined;
  return {
    operations: JSON.parse(JSON.stringify(cut.own.map((item) => item.operation))) as Operation[],
    count: [...cut.own, ...cut.parent, ...cut.root].reduce((sum, item) => sum + item.count, 0),
  };
}

export function jsonByteLength(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).byteLength;
}
