import { accepted, type Reply } from "./replies.ts";

/** The replies of an endpoint, one a metadata request; other requests are answered by the backend. */
export class Script {
  readonly #replies: Reply[];
  readonly #otherwise: Reply;
  readonly #strict: boolean;
  #asked = 0;
  /** A reply that lasts, and until when. */
  #lasting: { readonly reply: Reply; readonly until: number } | undefined;
  #failure: Error | undefined;

  constructor(replies: readonly Reply[], otherwise: Reply, strict: boolean) {
    this.#replies = [...replies];
    this.#otherwise = otherwise;
    this.#strict = strict;
  }

  /** Why a strict script is broken, if it is. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  add(replies: readonly Reply[]): void {
    this.#replies.push(...replies);
  }

  /**
   * How a request that comes `now` is treated.
   * @throws Error when a strict script has run out
   */
  replyFor(isMetadataUpdate: boolean, now: number): Reply {
    if (this.#lasting !== undefined && now < this.#lasting.until) return this.#lasting.reply;
    if (!isMetadataUpdate) return accepted();
    const reply = this.#replies[this.#asked] ?? this.#otherwise;
    this.#asked += 1;
    if (this.#strict && this.#asked > this.#replies.length) {
      this.#failure ??= new Error(
        `the script has ${this.#replies.length} replies, and metadata request ${this.#asked} came`,
      );
      throw this.#failure;
    }
    if (reply.lastsMs !== undefined) this.#lasting = { reply, until: now + reply.lastsMs };
    return reply;
  }

  /** @throws Error when a strict script ran out, and when replies were never used */
  verify(): void {
    if (this.#failure !== undefined) throw this.#failure;
    const left = this.#replies.length - this.#asked;
    if (left > 0) throw new Error(`${left} of ${this.#replies.length} scripted replies were never used`);
  }
}
