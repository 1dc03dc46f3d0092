import { formatBatchKey } from "../protocol/idempotency-key.ts";
import type { Target } from "../target/target.ts";
import { createParcel, type Lists, type Parcel } from "./parcel.ts";

type NumberedLists = Lists & { readonly upTo: number | undefined };

/** Gives every batch of a run a key of its own: `<publisher>.<sequence>`, which a server applies once. */
export class ParcelNumbers {
  readonly #target: Target;
  readonly #publisher: string;
  #sequence = 0;

  constructor(target: Target, publisher: string) {
    this.#target = target;
    this.#publisher = publisher;
  }

  /** The batch after all others. */
  next(lists: NumberedLists, suspect: boolean): Parcel {
    this.#sequence += 1;
    const key = formatBatchKey({ publisher: this.#publisher, sequence: this.#sequence });
    return createParcel(this.#target, key, lists, suspect);
  }

  /**
   * A batch that goes before others which are numbered already. An endpoint takes a number below the last one for a
   * repetition, so this one counts as a publisher's only batch.
   */
  inFront(lists: NumberedLists): Parcel {
    this.#sequence += 1;
    const key = formatBatchKey({ publisher: `${this.#publisher}-${this.#sequence}`, sequence: 1 });
    return createParcel(this.#target, key, lists, true);
  }
}
