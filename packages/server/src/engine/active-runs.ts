import type { RunExecution } from "./run-execution.ts";

/** How long runs that only wait for others may go on at shutdown: the time in which they notice that those are done. */
const IDLE_GRACE_MS = 1_500;

/** How often to look whether all that is left only waits. */
const LOOK_EVERY_MS = 100;

/** The runs that execute in this process, or wait here for their turn. */
export class ActiveRuns {
  readonly #runs = new Map<string, { readonly execution: RunExecution; readonly done: Promise<void> }>();

  get ids(): string[] {
    return [...this.#runs.keys()];
  }

  find(runId: string): RunExecution | undefined {
    return this.#runs.get(runId)?.execution;
  }

  /** Begins an execution; it is here until it is over. */
  begin(runId: string, execution: RunExecution): void {
    const done = execution.run().finally(() => this.#runs.delete(runId));
    this.#runs.set(runId, { execution, done });
  }

  /** Tells runs to stop because the process does: all, or those that have not begun. */
  shutDown(which: "all" | "unstarted"): void {
    for (const { execution } of this.#runs.values())
      if (which === "all" || !execution.started) execution.stop("shutdown");
  }

  /** Waits until all are over, at most until `until` (milliseconds since 1970), and not for those that only wait. */
  async drain(until: number): Promise<void> {
    let idleSince: number | undefined;
    while (this.#runs.size > 0 && Date.now() < until) {
      const idle = [...this.#runs.values()].every(({ execution }) => execution.idle);
      if (!idle) idleSince = undefined;
      else idleSince ??= Date.now();
      if (idleSince !== undefined && Date.now() - idleSince >= IDLE_GRACE_MS) return;
      await this.over(Math.min(LOOK_EVERY_MS, until - Date.now()));
    }
  }

  /** Resolves when all are over, or after `timeoutMs`. */
  async over(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.allSettled([...this.#runs.values()].map(({ done }) => done)), timeUp]);
    clearTimeout(timer);
  }
}
