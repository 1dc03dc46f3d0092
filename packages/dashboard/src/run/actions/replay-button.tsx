import { useState } from "react";
import { useLocation } from "wouter";
import type { Fault } from "../../api/fault.ts";
import { replayRun } from "../../api/runs.ts";
import { Button } from "../../ui/button.tsx";

/** Triggers a run's task once more, with what it was triggered with, and goes to the new run. */
export function ReplayButton({ id }: { readonly id: string }) {
  const [, goTo] = useLocation();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const replay = async () => {
    setBusy(true);
    const answer = await replayRun(id);
    setBusy(false);
    if (answer?.ok) goTo(`/runs/${encodeURIComponent(answer.value.id)}`);
    else setFault(answer?.fault);
  };
  return (
    <>
      {fault === undefined ? null : (
        <span className="action-fault" role="alert">
          {fault.message}
        </span>
      )}
      <Button disabled={busy} onClick={() => void replay()}>
        Replay
      </Button>
    </>
  );
}
