import { isEnded } from "@runmeta/runtime/protocol";
import { useState } from "react";
import { type RetrievedRun, retrieveRun } from "../../api/runs.ts";
import { usePoll } from "../../live/use-poll.ts";

/** The runs around a run. */
export type Relatives = RetrievedRun["relatedRuns"];

/** While something around it goes on. */
const LIVE_INTERVAL_MS = 2_000;
/** Once all have ended: somebody may still edit a document, or start a child. */
const QUIET_INTERVAL_MS = 10_000;
/** A run can have a hundred children with large documents: asking for them takes at most this share of the time. */
const MAX_SHARE = 0.1;

/**
 * The runs around a run, asked for again while somebody looks.
 *
 * @param onRun told the run itself each time, too
 */
export function useRelatives(id: string, onRun: (run: RetrievedRun) => void): Relatives | undefined {
  const [relatives, setRelatives] = useState<Relatives>();
  const [everyMs, setEveryMs] = useState(LIVE_INTERVAL_MS);
  usePoll(`run:${id}`, everyMs, async (signal) => {
    const startedAt = performance.now();
    const answer = await retrieveRun(id, signal);
    if (!answer?.ok) return answer;
    const { relatedRuns } = answer.value;
    const all = [answer.value, relatedRuns.parent, relatedRuns.root, ...(relatedRuns.children ?? [])];
    const live = all.some((run) => run !== undefined && !isEnded(run.status));
    const tookMs = performance.now() - startedAt;
    setEveryMs(Math.max(live ? LIVE_INTERVAL_MS : QUIET_INTERVAL_MS, tookMs / MAX_SHARE));
    setRelatives(relatedRuns);
    onRun(answer.value);
    return answer;
  });
  return relatives;
}
