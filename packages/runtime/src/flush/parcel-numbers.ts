import { formatBatchKey } from "../protocol/idempotency-key.ts";
import type { Target } from "../target/target.ts";
import { type Lists, Parcel } from "./parcel.ts";

type NumberedLists = Lists & { readonly upTo: number | undefined };

/** Gives every batch of a run a key of its own: `<publisher>.<sequence>`, which a server applies once. */
export class ParcelNumbers {
  readonly #target: Target;
  #publisher: string | undefined;
  #sequence = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  /** The batch after all others. */
  next(lists: NumberedLists, suspect: boolean): Parcel {
    const sequence = (this.#sequence += 1);
    return new Parcel(this.#target, lists, suspect, () =>
      formatBatchKey({ publisher: this.#name, sequence }),
    );
  }

  /**
   * A batch that goes before others which are numbered already. An endpoint takes a number below the last one for a
   * repetition, so this one counts as a publisher's only batch.
   */
  inFront(lists: NumberedLists): Parcel {
    const number = (this.#sequence += 1);
    return new Parcel(this.#target, lists, true, () =>
      formatBatchKey({ publisher: `${this.#name}-${number}`, sequence: 1 }),
    );
  }

  /** Of this opening of the run only: another attempt, or another process, must not go on with its numbers. */
  get #name(): string {
    return (this.#publisher ??= crypto.randomUUID().replaceAll("-", ""));
  }
}
