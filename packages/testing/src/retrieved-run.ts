import { type EndpointRun, hasEnded, type StoredPacket } from "./endpoint-run.ts";
import type { EndpointRuns } from "./endpoint-runs.ts";

/** A run as `GET /api/v3/runs/{id}` shows it: absent fields are left out, payload and output are decoded JSON. */
export function retrievedRun(run: EndpointRun, runs: EndpointRuns): Readonly<Record<string, unknown>> {
  const related = (id: string | undefined) => {
    const found = id === undefined ? undefined : runs.find(id);
    return found === undefined ? undefined : fields(found, runs);
  };
  const children = runs.all().filter(({ parentId }) => parentId === run.id);
  return {
    ...fields(run, runs),
    payload: jsonOf(run.payload),
    output: run.output === undefined ? undefined : jsonOf(run.output),
    error: run.error,
    attemptCount: run.attempt,
    relatedRuns: {
      root: related(run.rootId),
      parent: related(run.parentId),
      children: children.length === 0 ? undefined : children.map((child) => fields(child, runs)),
    },
  };
}

function fields(run: EndpointRun, runs: EndpointRuns): Readonly<Record<string, unknown>> {
  const { status } = run;
  // The official flags do not count a run that exceeded its time.
  const isCompleted = hasEnded(run) && status !== "TIMED_OUT";
  return {
    id: run.id,
    status,
    taskIdentifier: run.task,
    isQueued: status === "QUEUED",
    isExecuting: status === "EXECUTING",
    isWaiting: false,
    isCompleted,
    isSuccess: status === "COMPLETED",
    isFailed: isCompleted && status !== "COMPLETED",
    isCancelled: status === "CANCELED",
    isTest: run.isTest,
    createdAt: isoDate(run.createdAt),
    updatedAt: isoDate(run.finishedAt ?? run.startedAt ?? run.createdAt),
    startedAt: isoDate(run.startedAt),
    finishedAt: isoDate(run.finishedAt),
    tags: run.tags.toSorted((left, right) => left.localeCompare(right)),
    costInCents: 0,
    baseCostInCents: 0,
    durationMs:
      run.startedAt === undefined || run.finishedAt === undefined ? 0 : run.finishedAt - run.startedAt,
    metadata: run.document.current,
    depth: depthOf(run, runs),
    triggerFunction: run.batchId === undefined ? "trigger" : "batchTrigger",
    batchId: run.batchId,
  };
}

function depthOf(run: EndpointRun, runs: EndpointRuns): number {
  const parent = run.parentId === undefined ? undefined : runs.find(run.parentId);
  return parent === undefined ? 0 : depthOf(parent, runs) + 1;
}

function isoDate(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

function jsonOf({ data, dataType }: StoredPacket): unknown {
  if (data === undefined || dataType === "text/plain") return data;
  const value: unknown = JSON.parse(data);
  if (dataType !== "application/super+json") return value;
  return typeof value === "object" && value !== null && "json" in value ? value.json : undefined;
}
