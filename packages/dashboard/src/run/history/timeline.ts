import { cloneJson, type JsonObject } from "@runmeta/runtime/protocol";
import { applyChange, type RunHistory } from "./run-history.ts";

/** Documents that are kept to go on from: each has the size of the run's document. */
const MAX_CHECKPOINTS = 16;
const MIN_SPACING = 64;

/**
 * The document at any moment. Asked for one, it goes on from the nearest moment before that it remembers, so that moving
 * over a long history costs a few dozen operations a step and a copy of the document.
 */
export class Timeline {
  readonly history: RunHistory;
  readonly #spacing: number;
  readonly #checkpoints = new Map<number, JsonObject>();

  constructor(history: RunHistory) {
    this.history = history;
    this.#spacing = Math.max(MIN_SPACING, Math.ceil(history.changes.length / MAX_CHECKPOINTS));
  }

  /** The document after so many changes, 0 to all of them; a copy, the caller's to keep. */
  documentAt(index: number): JsonObject {
    const { changes } = this.history;
    let { at, document } = this.#startBefore(index);
    while (at < index) {
      const next = Math.min(index, (Math.floor(at / this.#spacing) + 1) * this.#spacing);
      for (const change of changes.slice(at, next)) document = applyChange(document, change.operations);
      at = next;
      if (at % this.#spacing === 0) this.#checkpoints.set(at, cloneJson(document));
    }
    return document;
  }

  /** The newest moment before that is known without applying anything. */
  #startBefore(index: number): { at: number; document: JsonObject } {
    for (let at = index - (index % this.#spacing); at > 0; at -= this.#spacing) {
      const checkpoint = this.#checkpoints.get(at);
      if (checkpoint !== undefined) return { at, document: cloneJson(checkpoint) };
    }
    return { at: 0, document: cloneJson(this.history.base.document) };
  }
}
