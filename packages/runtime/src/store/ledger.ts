import type { Drop, DropReason } from "../options.ts";

/** What became of one run's writes. `accepted = acknowledged + pending + dropped`, at every moment (I12). */
export interface FlushStats {
  /** Calls that were accepted. */
  readonly accepted: number;
  /** Calls whose batch was acknowledged. */
  readonly acknowledged: number;
  /** Calls that are waiting or under way. */
  readonly pending: number;
  /** Calls that were lost; each was named to `onDrop`. */
  readonly dropped: number;
  readonly droppedByReason: Readonly<Partial<Record<DropReason, number>>>;
  /** Bytes of unacknowledged operations kept in memory. */
  readonly pendingBytes: number;
  /** Requests sent, with repetitions. */
  readonly requests: number;
  /** Requests that had to be repeated. */
  readonly retries: number;
  /** Bytes of the bodies sent, with repetitions. */
  readonly bytesSent: number;
}

/** The run that a ledger counts for; told of losses. */
export interface DropListener {
  readonly id: string;
  dropped(drop: Drop): void;
}

/** Counts one run's writes from acceptance to acknowledgement or loss. */
export class Ledger {
  accepted = 0;
  acknowledged = 0;
  dropped = 0;
  requests = 0;
  retries = 0;
  bytesSent = 0;
  #byReason: Partial<Record<DropReason, number>> | undefined;
  readonly #listener: DropListener;

  constructor(listener: DropListener) {
    this.#listener = listener;
  }

  get pending(): number {
    return this.accepted - this.acknowledged - this.dropped;
  }

  drop(drop: Omit<Drop, "runId">): void {
    if (drop.count === 0) return;
    this.dropped += drop.count;
    this.#byReason ??= {};
    this.#byReason[drop.reason] = (this.#byReason[drop.reason] ?? 0) + drop.count;
    this.#listener.dropped({ runId: this.#listener.id, ...drop });
  }

  stats(pendingBytes: number): FlushStats {
    return {
      accepted: this.accepted,
      acknowledged: this.acknowledged,
      pending: this.pending,
      dropped: this.dropped,
      droppedByReason: { ...this.#byReason },
      pendingBytes,
      requests: this.requests,
      retries: this.retries,
      bytesSent: this.bytesSent,
    };
  }
}
