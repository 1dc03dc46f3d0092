import type { Browser, Page } from "playwright-core";

/** An event of a Chromium trace, as far as it is read here. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of processor time of a complete event. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * The longest task of a page's main thread while something is done, in milliseconds of processor time: how long a key
 * would have waited on a machine that does nothing else. (The clock on the wall tells how busy this machine is.)
 */
export async function longestTaskMs(
  browser: Browser,
  page: Page,
  work: () => Promise<unknown>,
): Promise<number> {
  await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
  const failure = await work().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const trace = await browser.stopTracing();
  if (failure !== undefined) throw failure.error;
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: readonly TraceEvent[] };
  const mainThreads = new Set(
    traceEvents.filter((event) => event.args.name === "CrRendererMain").map(threadOf),
  );
  const tasks = traceEvents.filter(
    (event) => event.ph === "X" && event.name.endsWith("RunTask") && mainThreads.has(threadOf(event)),
  );
  if (tasks.length === 0) throw new Error("the trace has no task of the page");
  return Math.max(...tasks.map((task) => task.tdur ?? 0)) / 1_000;
}

function threadOf({ pid, tid }: TraceEvent): string {
  return `${pid}/${tid}`;
}
