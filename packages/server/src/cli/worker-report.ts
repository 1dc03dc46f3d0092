import type { AttemptEnd } from "../engine/run-execution.ts";
import type { RunmetaWorker } from "../worker/create-worker.ts";

/** How often a terminal's line is drawn anew. */
const REDRAW_MS = 200;

const BAR_WIDTH = 20;

/** What a worker tells the person who started it. */
export interface WorkerReport {
  start(worker: Pick<RunmetaWorker, "tasks" | "activeRuns">): void;
  ended(end: AttemptEnd): void;
  stopping(): void;
  close(): void;
}

/** Where it is written: `process.stdout`. */
export interface ReportOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** On a terminal one line that changes; elsewhere, for a log, a line for each attempt. */
export function workerReport(output: ReportOutput): WorkerReport {
  return output.isTTY === true ? new TerminalReport(output) : new LogReport(output);
}

class LogReport implements WorkerReport {
  readonly #output: ReportOutput;

  constructor(output: ReportOutput) {
    this.#output = output;
  }

  start({ tasks }: Pick<RunmetaWorker, "tasks">): void {
    this.#output.write(`worker ready, tasks: ${tasks.join(", ")}\n`);
  }

  ended({ runId, task, attempt, kind, retryAfterMs }: AttemptEnd): void {
    const next = retryAfterMs === undefined ? "" : `, next in ${retryAfterMs} ms`;
    this.#output.write(`${task} ${runId} attempt ${attempt}: ${kind}${next}\n`);
  }

  stopping(): void {
    this.#output.write("worker stops: finishing runs, handing back what takes longer\n");
  }

  close(): void {
    this.#output.write("worker stopped\n");
  }
}

class TerminalReport implements WorkerReport {
  readonly #output: ReportOutput;
  readonly #counts = { completed: 0, failed: 0, cancelled: 0 };
  #worker: Pick<RunmetaWorker, "tasks" | "activeRuns"> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #word = "running";

  constructor(output: ReportOutput) {
    this.#output = output;
  }

  start(worker: Pick<RunmetaWorker, "tasks" | "activeRuns">): void {
    this.#worker = worker;
    this.#output.write(`worker ready, tasks: ${worker.tasks.join(", ")}\n`);
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
    this.#timer.unref();
    this.#draw();
  }

  ended({ kind }: AttemptEnd): void {
    this.#counts[kind] += 1;
  }

  stopping(): void {
    this.#word = "finishing";
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#draw();
    this.#output.write("\n");
  }

  /** The bar is what is done of all that this worker has taken. */
  #draw(): void {
    const { completed, failed, cancelled } = this.#counts;
    const active = this.#worker?.activeRuns ?? 0;
    const done = completed + failed + cancelled;
    const share = done + active === 0 ? 0 : done / (done + active);
    const bar = "#".repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, "-");
    this.#output.write(
      `\r\x1b[K[${bar}] ${active} ${this.#word}, ${completed} completed, ${failed} failed, ${cancelled} stopped`,
    );
  }
}
