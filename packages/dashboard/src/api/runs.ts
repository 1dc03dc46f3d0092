import type { listRunsReply, retrieveRunReply } from "@runmeta/runtime/protocol/schemas";
import type { z } from "zod";
import { call } from "./call.ts";

/** A run as the list has it. */
export type ListedRun = z.output<typeof listRunsReply>["data"][number];

/** A run with payload, output, error and the runs around it. */
export type RetrievedRun = z.output<typeof retrieveRunReply>;

/** A page of runs, newest first; the query in the API's own words. */
export function listRuns(query: Readonly<Record<string, string | undefined>>, signal?: AbortSignal) {
  return call<z.output<typeof listRunsReply>>({ path: "/api/v1/runs", query, signal });
}

/** One run. */
export function retrieveRun(id: string, signal?: AbortSignal) {
  return call<RetrievedRun>({ path: `/api/v3/runs/${encodeURIComponent(id)}`, signal });
}

/** Cancels a run; repeatable. */
export function cancelRun(id: string) {
  return call<{ id: string }>({ method: "POST", path: `/api/v2/runs/${encodeURIComponent(id)}/cancel` });
}

/** Triggers a run's task once more; the id is the new run's. */
export function replayRun(id: string) {
  return call<{ id: string }>({ method: "POST", path: `/api/v1/runs/${encodeURIComponent(id)}/replay` });
}
