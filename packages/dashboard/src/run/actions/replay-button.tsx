import { useLocation } from "wouter";
import { replayRun } from "../../api/runs.ts";
import { Button } from "../../ui/button.tsx";
import { useSubmit } from "../../ui/use-submit.ts";

/** Triggers a run's task once more, with what it was triggered with, and goes to the new run. */
export function ReplayButton({ id }: { readonly id: string }) {
  const [, goTo] = useLocation();
  const { busy, fault, submit } = useSubmit(
    () => replayRun(id),
    (next) => goTo(`/runs/${encodeURIComponent(next.id)}`),
  );
  return (
    <>
      {fault === undefined ? null : (
        <span className="action-fault" role="alert">
          {fault.message}
        </span>
      )}
      <Button disabled={busy} onClick={() => void submit()}>
        Replay
      </Button>
    </>
  );
}
