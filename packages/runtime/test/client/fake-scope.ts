import { systemClock } from "../../src/clock.ts";
import type { RunScope } from "../../src/context/run-scope.ts";

/** The parts of a run that the client looks at. */
export function fakeScope(
  parts: {
    id?: string;
    attempt?: number;
    limitBytes?: number;
    signal?: AbortSignal;
    attachments?: Map<symbol, unknown>;
    warn?: RunScope["warn"];
  } = {},
): RunScope {
  const scope = {
    id: parts.id ?? "run_parent",
    task: "parent",
    attempt: parts.attempt ?? 1,
    parentId: undefined,
    rootId: undefined,
    tags: [],
    signal: parts.signal ?? new AbortController().signal,
    clock: systemClock,
    store: { limitBytes: parts.limitBytes ?? 4_096 },
    openedAt: 0,
    attachments: parts.attachments ?? new Map<symbol, unknown>(),
    warn: parts.warn,
  };
  // A real store and flusher would tell the client nothing more.
  return scope as unknown as RunScope;
}
