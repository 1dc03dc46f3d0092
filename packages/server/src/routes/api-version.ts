import type { RunStatus } from "@runmeta/runtime/protocol";
import type { RouteRequest } from "../http/route.ts";

/** Clients that know the statuses WAITING and DEQUEUED send this version. */
const CURRENT = "2025-07-16";

interface StatusView {
  readonly status: RunStatus;
  readonly relatedRuns?: Readonly<Record<string, StatusView | readonly StatusView[] | undefined>>;
}

/**
 * A run as the client that asks knows it. Older ones refuse a reply with a status they have never heard of: without
 * the header `x-trigger-api-version: 2025-07-16` a run that waits is FROZEN and a dequeued one EXECUTING, both with
 * `isExecuting`, as from the official server.
 */
export function inApiVersion(request: RouteRequest, view: StatusView): object {
  return request.header("x-trigger-api-version") === CURRENT ? view : legacyView(view);
}

function legacyView(view: StatusView): object {
  const { status, relatedRuns } = view;
  const relatives = relatedRuns && {
    relatedRuns: Object.fromEntries(
      Object.entries(relatedRuns).map(([name, runs]) => [
        name,
        Array.isArray(runs) ? runs.map(legacyView) : runs && legacyView(runs as StatusView),
      ]),
    ),
  };
  if (status === "WAITING")
    return { ...view, ...relatives, status: "FROZEN", isWaiting: false, isExecuting: true };
  if (status === "DEQUEUED") return { ...view, ...relatives, status: "EXECUTING" };
  return { ...view, ...relatives };
}
