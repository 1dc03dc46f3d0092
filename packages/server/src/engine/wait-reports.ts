import type { HeldAttempt } from "../service/run-attempts.ts";
import type { AttemptReports } from "./attempt-reports.ts";
import { pause, untilStored } from "./until-stored.ts";

/** What {@link WaitReports} work with. */
export interface WaitReportParts {
  readonly reports: AttemptReports;
  readonly attempt: HeldAttempt;
  /** Aborted when the run is told to stop: how it ends is reported then, not that it goes on. */
  readonly signal: AbortSignal;
  onError(error: unknown): void;
}

/** Reports that an attempt waits and goes on, in this order however slow a report is. */
export class WaitReports {
  readonly #parts: WaitReportParts;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: WaitReportParts) {
    this.#parts = parts;
  }

  /** The wait itself does not wait for the report. */
  pause(): void {
    const { reports, attempt } = this.#parts;
    this.#last = this.#last.then(async () => void (await this.#store(() => reports.pause(attempt))));
  }

  /** Resolves when the run may go on: its queue has room, or nobody wants it to wait any longer. */
  resume(): Promise<void> {
    this.#last = this.#last.then(() => this.#resume());
    return this.#last;
  }

  async #resume(): Promise<void> {
    const { reports, attempt, signal } = this.#parts;
    while (!signal.aborted) {
      const result = await this.#store(() => reports.resume(attempt));
      if (result?.status !== "conflict" || result.code !== "queue_full") return;
      await pause(result.retryAfterMs ?? 1_000, signal);
    }
  }

  #store<T>(report: () => Promise<T>): Promise<T | undefined> {
    const { signal, onError } = this.#parts;
    return untilStored(report, { signal, onError });
  }
}
