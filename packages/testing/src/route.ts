import type { Clock } from "@runmeta/runtime";
import type { EndpointRun } from "./endpoint-run.ts";

/** What executes the runs that are triggered at an endpoint. */
export interface RunEngine {
  /** Whether there is such a task. */
  knows(taskId: string): boolean;
  /** Starts to execute a run; returns at once. */
  execute(run: EndpointRun): void;
  /** Tells a run under way to stop. */
  cancel(run: EndpointRun): void;
}

/** A request that has reached a route of the endpoint. */
export interface RoutedRequest {
  readonly request: Request;
  readonly url: URL;
  /** The body as text; empty when there is none. */
  readonly text: string;
  /** Path parameters, decoded, in order. */
  readonly parameters: readonly string[];
  readonly clock: Clock;
  /** Of the client that sent it; without one, triggered runs stay queued. */
  readonly engine: RunEngine | undefined;
}

/** One call of the API. */
export interface Route {
  readonly method: string;
  /** Captures the path's parameters. */
  readonly path: RegExp;
  handle(routed: RoutedRequest): Response | Promise<Response>;
}

/** A JSON reply. */
export function json(code: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status: code,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** The error reply of the API. A definite one says that asking again is of no use. */
export function refusal(code: number, error: string): Response {
  return json(code, { error }, { "x-should-retry": "false" });
}

/** The JSON of a body; undefined when it is none. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Waits on a clock; rejects with the signal's reason when it is aborted first. */
export function waitOn(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = clock.setTimer(() => {
      signal.removeEventListener("abort", aborted);
      resolve();
    }, ms);
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted, { once: true });
  });
}

/** Rejects with the signal's reason when it is aborted; waits for ever otherwise. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
