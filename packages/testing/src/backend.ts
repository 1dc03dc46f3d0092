import type { EndpointRun } from "./endpoint-run.ts";
import type { RunEnd } from "./endpoint-runs.ts";
import type { RoutedRequest } from "./route.ts";

/**
 * What answers the requests of code under test, besides what a script does to them.
 *
 * - `memory`: this package, by the rules that runtime and server share. Needs nothing, costs microseconds.
 * - `server`: the real `@runmeta/server` in this process, on an embedded database in memory. The first test of a process
 *   pays a second or two for its start, each request milliseconds.
 * - `trigger.dev`: as Trigger.dev's API answers: it applies a request as often as it is sent, says nothing about refused
 *   or ineffective writes to other runs, and has no calls for workers.
 */
export type BackendName = "memory" | "server" | "trigger.dev";

/** A {@link BackendName} at work. What a session does with its runs is told to it before `EndpointRuns` knows. */
export interface Backend {
  /** It has the calls with which a worker registers, starts and completes a run. */
  readonly knowsWorkers: boolean;
  answer(routed: RoutedRequest): Response | Promise<Response>;
  /** @throws Error when another test has a run of this id, which would be continued */
  requireUnused(id: string): void | Promise<void>;
  /** A run that the test itself begins, or its parent. */
  created(run: EndpointRun): void | Promise<void>;
  started(run: EndpointRun, attempt: number): void | Promise<void>;
  /** An attempt has failed, and another one follows. */
  failed(run: EndpointRun, error: { readonly message: string }): void | Promise<void>;
  ended(run: EndpointRun, end: RunEnd): void | Promise<void>;
  /** Brings the documents of runs up to date with what is stored. */
  refresh(runs: readonly EndpointRun[]): void | Promise<void>;
}

/** A backend whose runs are kept by `EndpointRuns` alone. */
export function localBackend(knowsWorkers: boolean, answer: Backend["answer"]): Backend {
  const nothing = () => {};
  return {
    knowsWorkers,
    answer,
    requireUnused: nothing,
    created: nothing,
    started: nothing,
    failed: nothing,
    ended: nothing,
    refresh: nothing,
  };
}
