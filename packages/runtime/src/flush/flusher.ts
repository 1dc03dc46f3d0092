import type { Timer } from "../clock.ts";
import { MetadataFlushError } from "../errors.ts";
import { LazyAbort } from "../lazy-abort.ts";
import type { DropReason } from "../options.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { Operation } from "../protocol/operation.ts";
import type { FlushStats } from "../store/ledger.ts";
import type { OutboxCut, OutboxListener } from "../store/outbox.ts";
import type { Batch, ReadResult, SendResult } from "../target/target.ts";
import { type AttemptResult, attemptDelivery, failedRead, lostReply } from "./attempt-delivery.ts";
import { backoffMs } from "./backoff.ts";
import { Barriers } from "./barriers.ts";
import { dropOperations, dropRemote } from "./drop-operations.ts";
import type { DrainResult, FlushedRun, FlusherState, FlushOptions } from "./flusher-options.ts";
import {
  countsTwice,
  type Lists,
  openParcel,
  type Parcel,
  parcelCalls,
  separateAccumulating,
  splitLists,
} from "./parcel.ts";
import { ParcelNumbers } from "./parcel-numbers.ts";
import { type QuietListener, QuietPeriod } from "./quiet-period.ts";
import { Waiters } from "./waiters.ts";

/** Larger batches are split: the official server takes bodies of 2 MiB, proxies often of 1 MB. */
const BATCH_BYTES = 1_000_000;
/** How often a run that was refused for its key looks whether it has a new one. Costs no request. */
const CREDENTIALS_CHECK_MS = 1_000;
const DEFAULT_FLUSH_TIMEOUT_MS = 10_000;

/**
 * Decides when a run's unsent writes go out, and what a reply means for them. SPEC.md has the table of states.
 *
 * The trade: a write waits for a quiet moment (`debounceMs`, at most `maxWaitMs`), so that many writes make one
 * request; what waits is lost if the process is killed. At most one request is under way (I8), an operation leaves
 * only when acknowledged (I5), and what is sent again is byte-identical (I9).
 *
 * A run that writes little pays little: barriers, waiters and numbers are made when they are first needed, and with a
 * target that answers at once a flush makes no promise and no timer.
 */
export class Flusher implements OutboxListener, QuietListener {
  readonly #run: FlushedRun;

  #state: FlusherState = "idle";
  #numbers: ParcelNumbers | undefined;
  /** The batch that is under way, or waits to be sent again. */
  #parcel: Parcel | undefined;
  /** Parts of a refused batch, to be sent before anything newer. */
  #parts: Parcel[] = [];
  /** Operations were put back into the outbox after a refusal: the next batch holds them. */
  #suspect = false;
  #quiet: QuietPeriod | undefined;
  #timer: Timer | undefined;
  /** When the oldest unsent write was made. */
  #windowOpenedAt = 0;
  #acceptedAtCheck = 0;
  #failures = 0;
  /** The endpoint asked not to be called before. */
  #notBefore = 0;
  #deduplicates: boolean | undefined;
  #barriers: Barriers | undefined;
  /** Every call up to this one is settled. */
  #settledUpTo = 0;
  /** What was lost since the last settled call, for the barriers that wait for it. */
  #loss: MetadataFlushError | undefined;
  #draining = false;
  #credentialsTried: string | undefined;
  #onSettled: (() => void) | undefined;
  #abort: LazyAbort | undefined;
  /** Callers of `refresh()` that wait for a reply, or for another one's read. */
  #readers: Waiters | undefined;
  /** The endpoint's document is being read: nothing is sent until it is here. */
  #reading = false;
  #sendAfterRead = false;

  constructor(run: FlushedRun) {
    this.#run = run;
    run.store.outbox.sentBy(this);
  }

  get state(): FlusherState {
    return this.#state;
  }

  stats(): FlushStats {
    const waiting = this.#parts.reduce(
      (sum, parcel) => sum + parcel.body.length,
      this.#parcel?.body.length ?? 0,
    );
    return this.#ledger.stats(this.#run.store.outbox.bytes + waiting);
  }

  /** Something is not acknowledged yet. */
  get pending(): boolean {
    return this.#parcel !== undefined || this.#parts.length > 0 || this.#run.store.outbox.hasContent;
  }

  /**
   * A barrier: resolves when every operation accepted before the call is acknowledged.
   * @throws MetadataFlushError when one cannot be, or not within the time
   */
  async flush(options: FlushOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    if (!this.pending) return;
    const stored = this.#stored(options);
    this.#sendNow();
    await stored;
  }

  #stored({ timeoutMs = DEFAULT_FLUSH_TIMEOUT_MS, signal }: FlushOptions): Promise<void> {
    this.#barriers ??= new Barriers(this.#run.clock);
    return this.#barriers.wait(this.#ledger.accepted, { timeoutMs, signal }, () =>
      this.#failure(`no acknowledgement within ${timeoutMs} ms`),
    );
  }

  /**
   * Reads the endpoint's document and puts unacknowledged writes on top. Waits for a request that is under way, and for
   * the answer to a batch whose reply was lost: what is read may or may not hold such a batch. Nothing is sent meanwhile.
   */
  async refresh(options: FlushOptions = {}): Promise<ReadResult> {
    const { timeoutMs = DEFAULT_FLUSH_TIMEOUT_MS, signal = this.#aborts.signal } = options;
    const deadline = this.#run.clock.now() + timeoutMs;
    if (this.#parcel?.inDoubt === true) this.#sendNow();
    while (this.#state === "sending" || this.#reading || this.#parcel?.inDoubt === true) {
      const remainingMs = deadline - this.#run.clock.now();
      if (remainingMs <= 0 || signal.aborted || this.#state === "paused") {
        return failedRead("a batch under way was not answered", signal.reason);
      }
      this.#readers ??= new Waiters(this.#run.clock);
      await this.#readers.wait(remainingMs, signal);
    }
    this.#reading = true;
    try {
      const remainingMs = Math.max(1, deadline - this.#run.clock.now());
      const result = await this.#run.outside(() => this.#run.target.read({ timeoutMs: remainingMs, signal }));
      if (result.kind !== "document") return result;
      const adopted = this.#adopt(result.document, this.#unacknowledged(this.#parcel));
      return adopted ? result : failedRead("the document cannot be worked with", undefined);
    } catch (error) {
      return failedRead(String(error), error);
    } finally {
      this.#reading = false;
      if (this.#sendAfterRead) this.#send();
      this.#readers?.wake();
    }
  }

  /** The last flush of a run: everything goes out now, within `timeoutMs`. Never rejects. */
  drain(timeoutMs: number): DrainResult | Promise<DrainResult> {
    if (this.pending) {
      this.#draining = true;
      this.#sendNow();
      if (this.pending) {
        const ended = () => this.#drained();
        return this.#stored({ timeoutMs }).then(ended, ended);
      }
    }
    return this.#drained();
  }

  #drained(): DrainResult {
    this.#draining = false;
    return { flushed: !this.pending, pending: this.#ledger.pending };
  }

  /** Calls back once nothing is pending any more. */
  whenSettled(callback: () => void): void {
    if (this.pending) this.#onSettled = callback;
    else callback();
  }

  /**
   * Everything that is not acknowledged, as the batches that will be sent: for keeping on disk. They stay pending
   * here; sent from both places, they are applied once.
   */
  batches(): readonly Batch[] {
    for (let next = this.#cut(); next !== undefined; next = this.#cut()) this.#parts.push(next);
    return this.#parcel === undefined ? this.#parts : [this.#parcel, ...this.#parts];
  }

  /** Gives up everything that waits, by name; with `kept`, because it is kept elsewhere. */
  abandon(reason: DropReason, kept = false): void {
    const batches = this.batches() as readonly Parcel[];
    this.#parcel = undefined;
    this.#parts = [];
    this.#stopWaiting();
    this.#state = "idle";
    if (!kept)
      for (const parcel of batches) this.#drop(openParcel(this.#run.target, parcel), reason, undefined);
    this.#barriers?.fail(this.#failure("the run was abandoned"));
    this.#aborts.abort();
    this.#readers?.wake();
  }

  // --- when -----------------------------------------------------------------------------------------------------

  /** The first write since the last batch was cut. */
  outboxDirty(): void {
    this.#windowOpenedAt = this.#run.clock.now();
    if (this.#state === "idle" || this.#state === "held") this.#schedule();
  }

  #schedule(): void {
    this.#stopWaiting();
    this.#state = "scheduled";
    const { debounceMs, maxWaitMs } = this.#run.options;
    const remainingMs = maxWaitMs - (this.#run.clock.now() - this.#windowOpenedAt);
    if (remainingMs <= 0) return this.#send();
    this.#run.outside(() => {
      if (remainingMs < debounceMs) {
        this.#timer = this.#run.clock.setTimer(() => this.#send(), remainingMs, { keepAlive: true });
      } else {
        this.#quiet = QuietPeriod.join(this, this.#run.clock, debounceMs);
      }
    });
  }

  /** A burst in one piece of code belongs to the moment it began, and need not wait for another period. */
  burstOver(): void {
    this.#acceptedAtCheck = this.#ledger.accepted;
  }

  /** Sends if nothing was written during the period, otherwise waits for another one. */
  quietPeriodOver(): void {
    this.#quiet = undefined;
    if (this.#ledger.accepted === this.#acceptedAtCheck) this.#send();
    else this.#schedule();
  }

  /** Somebody waits: whatever the state, try now, unless the endpoint asked for a pause. */
  #sendNow(): void {
    if (this.#state === "sending") return;
    if (this.#state === "stalled" && this.#run.clock.now() < this.#notBefore) return;
    this.#send();
  }

  #stopWaiting(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#quiet?.leave(this);
    this.#quiet = undefined;
  }

  // --- what -----------------------------------------------------------------------------------------------------

  #send(): void {
    this.#sendAfterRead = this.#reading;
    if (this.#reading) return;
    this.#stopWaiting();
    this.#parcel ??= this.#parts.shift() ?? this.#cut();
    const parcel = this.#parcel;
    if (parcel === undefined) return this.#settle();
    this.#state = "sending";
    this.#run.outside(() => {
      this.#credentialsTried = this.#run.target.credentials?.();
      const result = this.#attempt(parcel);
      // What a target that answers at once did not take waits for a turn of its own all the same: a refused batch can
      // fall into thousands of parts.
      if ("kind" in result && result.kind === "acknowledged") return this.#received(parcel, result);
      Promise.resolve(result).then(
        (reply) => this.#received(parcel, reply),
        (cause: unknown) => this.#received(parcel, lostReply(cause)),
      );
    });
  }

  #cut(): Parcel | undefined {
    for (;;) {
      const cut = this.#run.store.cut(BATCH_BYTES);
      if (cut === undefined) return undefined;
      const lists = this.#run.target.remoteOperations ? cut : this.#withoutRemote(cut);
      if (lists.own.length + lists.parent.length + lists.root.length > 0) {
        const parcel = this.#numbering.next(lists, this.#suspect);
        if (cut.upTo !== undefined) this.#suspect = false;
        return parcel;
      }
      this.#settled(cut.upTo);
    }
  }

  #withoutRemote(cut: OutboxCut): OutboxCut {
    if (cut.parent.length + cut.root.length === 0) return cut;
    this.#drop({ own: [], parent: cut.parent, root: cut.root }, "unsupported", undefined);
    return { ...cut, parent: [], root: [] };
  }

  #attempt(parcel: Parcel): AttemptResult | Promise<AttemptResult> {
    const options = this.#aborts.within(this.#run.options.requestTimeoutMs);
    return attemptDelivery(parcel, this.#run, options, () => {
      this.#deduplicates = true;
    });
  }

  // --- replies --------------------------------------------------------------------------------------------------

  #received(parcel: Parcel, result: AttemptResult): void {
    if (this.#parcel !== parcel) return;
    switch (result.kind) {
      case "acknowledged":
        this.#acknowledged(parcel, result);
        break;
      case "retry":
        this.#stalled(parcel, result);
        break;
      case "refused":
        if (this.#mayHoldRefused(parcel, result)) {
          this.#stalled(parcel, lostReply(new Error(`${result.status}: ${result.message}`)));
        } else this.#refused(parcel, result);
        break;
      case "paused":
        this.#paused(result);
        break;
      case "unclear":
        this.#unclear(parcel, result.document);
    }
    this.#readers?.wake();
  }

  #acknowledged(parcel: Parcel, result: Extract<SendResult, { kind: "acknowledged" }>): void {
    this.#failures = 0;
    this.#deduplicates = result.deduplicates;
    let calls = parcelCalls(parcel);
    if (result.refused.length > 0)
      calls -= dropRemote(this.#ledger, this.#run.target, parcel, result.refused);
    this.#ledger.acknowledged += calls;
    for (const { target, message } of result.ineffective) {
      this.#run.warn("INEFFECTIVE", `A write to the ${target} run had no effect: ${message}`);
    }
    if (result.warning !== undefined) this.#run.warn("UNREADABLE_REPLY", result.warning);
    this.#parcel = undefined;
    const inFront = this.#unacknowledged(undefined);
    if (result.document === undefined || !this.#adopt(result.document, inFront)) {
      this.#run.store.acknowledgeBlindly(this.#run.target.decode(parcel.body).operations, inFront);
    }
    this.#settled(parcel.upTo);
    this.#proceed();
  }

  /** False when the endpoint's document cannot be worked with; the local one stays as it is then. */
  #adopt(document: JsonObject, inFront: readonly Operation[]): boolean {
    try {
      this.#run.store.acknowledge(document, inFront);
      return true;
    } catch (error) {
      this.#run.warn("UNREADABLE_REPLY", `The endpoint's document cannot be read: ${String(error)}`);
      return false;
    }
  }

  #stalled(parcel: Parcel, result: Extract<SendResult, { kind: "retry" }>): void {
    this.#failures += 1;
    this.#ledger.retries += 1;
    // What answers in the endpoint's place (a gateway's 502) does not say so, and takes nothing back.
    if (result.deduplicates === true) this.#deduplicates = true;
    if (result.maybeApplied) {
      parcel.inDoubt = true;
      if (this.#deduplicates !== true) parcel.unclear ||= countsTwice(this.#run.target.decode(parcel.body));
    }
    this.#state = "stalled";
    const delayMs = result.retryAfterMs ?? backoffMs(this.#failures, this.#run.random(), this.#draining);
    this.#notBefore = this.#run.clock.now() + (result.retryAfterMs ?? 0);
    this.#run.outside(() => {
      this.#timer = this.#run.clock.setTimer(() => this.#send(), delayMs, { keepAlive: this.#awaited });
    });
  }

  #paused(result: Extract<SendResult, { kind: "paused" }>): void {
    this.#state = "paused";
    this.#run.warn(result.code, result.message);
    this.#barriers?.fail(this.#failure(result.message));
    this.#watchCredentials();
  }

  #watchCredentials(): void {
    if (this.#run.target.credentials === undefined) return;
    this.#run.outside(() => {
      this.#timer = this.#run.clock.setTimer(() => {
        if (this.#run.target.credentials?.() === this.#credentialsTried) this.#watchCredentials();
        else this.#send();
      }, CREDENTIALS_CHECK_MS);
    });
  }

  /**
   * An endpoint that deduplicates looks for the batch before it refuses it. A refusal by something else (a gateway while
   * the endpoint restarts) says nothing about an earlier copy: under a new key it might be applied a second time.
   */
  #mayHoldRefused(parcel: Parcel, result: Extract<SendResult, { kind: "refused" }>): boolean {
    return parcel.inDoubt && this.#deduplicates === true && result.deduplicates === false;
  }

  /** Refused for good: not applied, and the batch's key is retired (I5). */
  #refused(parcel: Parcel, { status, message }: { status: number; message: string }): void {
    this.#failures = 0;
    this.#parcel = undefined;
    const lists = openParcel(this.#run.target, parcel);
    if (!parcel.suspect) {
      this.#run.warn(
        "REFUSED",
        `The endpoint refused a metadata update (${status}: ${message}). It is tried again with later writes.`,
      );
      if (this.#parts.length === 0) {
        this.#run.store.outbox.putBack(lists);
        this.#suspect = true;
      } else {
        // Newer batches are cut already (they were spooled): it must stay in front of them.
        this.#parts.unshift(this.#numbering.inFront({ ...lists, upTo: parcel.upTo }));
      }
      return this.#proceed();
    }
    // Who may not write (403), or to what does not exist (404), will not be told otherwise for a part of it.
    const parts = status === 403 || status === 404 ? undefined : splitLists(lists);
    if (parts === undefined) {
      this.#drop(lists, "refused", message);
      this.#loss = this.#failure(`the endpoint refused it (${status}: ${message})`);
      this.#run.store.rebase(this.#unacknowledged(undefined));
      this.#settled(parcel.upTo);
    } else {
      const last = parts.length - 1;
      const packed = parts.map((part, index) =>
        this.#numbering.inFront({ ...part, upTo: index === last ? parcel.upTo : undefined }),
      );
      this.#parts.unshift(...packed);
    }
    this.#proceed();
  }

  /** A reply has been dealt with: what next? */
  #proceed(): void {
    const { outbox } = this.#run.store;
    // No later write will come to a closed run, so there is nothing to hold a refused batch for.
    const now = this.#parts.length > 0 || (outbox.hasContent && (this.#awaited || outbox.closed));
    if (now) return this.#send();
    if (outbox.dirty) return this.#schedule();
    if (outbox.hasContent) this.#state = "held";
    else this.#settle();
  }

  #settle(): void {
    this.#state = "idle";
    this.#settled(this.#ledger.accepted);
    const settled = this.#onSettled;
    this.#onSettled = undefined;
    settled?.();
  }

  #settled(upTo: number | undefined): void {
    if (upTo === undefined) return;
    this.#settledUpTo = Math.max(this.#settledUpTo, upTo);
    this.#barriers?.reached(this.#settledUpTo, this.#loss);
    this.#loss = undefined;
  }

  // --- losses ---------------------------------------------------------------------------------------------------

  /** A batch with increments or appends may have been applied; what can be repeated without harm goes out again. */
  #unclear(parcel: Parcel, document: JsonObject | undefined): void {
    const lists = openParcel(this.#run.target, parcel);
    const { again, never } = separateAccumulating(lists);
    const repeated = again.own.length + again.parent.length + again.root.length > 0;
    this.#parcel = undefined;
    if (repeated) this.#parts.unshift(this.#numbering.inFront({ ...again, upTo: parcel.upTo }));
    this.#drop(never, "ambiguous", "the reply was lost, and the endpoint may have applied it");
    this.#loss = this.#failure("a reply was lost, and whether the endpoint applied it cannot be told");
    const inFront = this.#unacknowledged(undefined);
    if (document === undefined || !this.#adopt(document, inFront)) this.#run.store.rebase(inFront);
    if (!repeated) this.#settled(parcel.upTo);
    this.#proceed();
  }

  #drop(lists: Lists, reason: DropReason, message: string | undefined): void {
    dropOperations(this.#ledger, lists, reason, message);
  }

  #failure(reason: string): MetadataFlushError {
    return new MetadataFlushError(reason, this.#ledger.pending);
  }

  /** Own operations that were cut and are not acknowledged. */
  #unacknowledged(parcel: Parcel | undefined): Operation[] {
    const waiting = parcel === undefined ? this.#parts : [parcel, ...this.#parts];
    return waiting.flatMap((other) => [...this.#run.target.decode(other.body).operations]);
  }

  // --- parts ----------------------------------------------------------------------------------------------------

  get #ledger() {
    return this.#run.store.outbox.ledger;
  }

  get #numbering(): ParcelNumbers {
    return (this.#numbers ??= new ParcelNumbers(this.#run.target));
  }

  get #aborts(): LazyAbort {
    return (this.#abort ??= new LazyAbort());
  }

  /** Somebody waits until everything is stored. */
  get #awaited(): boolean {
    return this.#barriers?.any === true;
  }
}
