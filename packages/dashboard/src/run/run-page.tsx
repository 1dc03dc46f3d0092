import { useState } from "react";
import { type RetrievedRun, retrieveRun } from "../api/runs.ts";
import { usePoll } from "../live/use-poll.ts";
import { StatusBadge } from "../ui/status-badge.tsx";
import { useTitle } from "../ui/use-title.ts";

/** One run, live. */
export function RunPage({ id }: { readonly id: string }) {
  useTitle(id);
  const [run, setRun] = useState<RetrievedRun>();
  usePoll(id, 1_000, async (signal) => {
    const answer = await retrieveRun(id, signal);
    if (answer?.ok) setRun(answer.value);
    return answer;
  });
  return (
    <>
      <h1>{id}</h1>
      {run === undefined ? null : <StatusBadge status={run.status} />}
    </>
  );
}
