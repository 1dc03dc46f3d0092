import { useRealtimeRun } from "@trigger.dev/react-hooks";
import { MorseTape } from "./morse-tape.tsx";
import { RunView } from "./run-view.tsx";

/** A telegram of the list: whoever may read the tag may read its runs and their streams. */
export function Telegram({ runId, onClose }: { readonly runId: string; readonly onClose: () => void }) {
  const { run, error } = useRealtimeRun(runId);
  return (
    <RunView runId={runId} run={run} error={error} onClose={onClose}>
      <MorseTape runId={runId} />
    </RunView>
  );
}
