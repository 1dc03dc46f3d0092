import { isEnded } from "@runmeta/runtime/protocol";
import { ErrorNote } from "../ui/error-note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { DocumentPanel } from "./document-panel.tsx";
import { useRunFeed } from "./feed/use-run-feed.ts";
import { useHistory } from "./history/use-history.ts";
import { useMoment } from "./history/use-moment.ts";
import { PacketPanel } from "./packet/packet-panel.tsx";
import { RunError } from "./packet/run-error.tsx";
import { ProgressPanel } from "./progress/progress-panel.tsx";
import { AttemptsList } from "./relatives/attempts-list.tsx";
import { RelativesTree } from "./relatives/relatives-tree.tsx";
import { useRelatives } from "./relatives/use-relatives.ts";
import { RunHeader } from "./run-header.tsx";

/** One run, live. */
export function RunPage({ id }: { readonly id: string }) {
  const { feed, state } = useRunFeed(id);
  const { followed } = state;
  const relatives = useRelatives(id, (run) => feed.offer(run));
  const history = useHistory(id, followed?.document);
  const choice = useMoment(history);
  useTitle(followed === undefined ? id : `${followed.run.taskIdentifier} ${id}`);
  if (followed === undefined) {
    return state.fault === undefined ? (
      <p className="muted">Reading {id}</p>
    ) : (
      <ErrorNote fault={state.fault} />
    );
  }
  const { run } = followed;
  const { moment } = choice;
  return (
    <div className="run-page">
      <RunHeader run={run} />
      <div className="run-main">
        {run.error === undefined ? null : <RunError error={run.error} />}
        <ProgressPanel
          document={moment?.document ?? followed.document}
          history={history}
          atMs={moment === undefined ? undefined : Date.parse(moment.at)}
          running={!isEnded(run.status)}
        />
        <DocumentPanel
          followed={followed}
          history={history}
          choice={choice}
          readAgain={() => feed.readAgain()}
        />
      </div>
      <div className="run-side">
        {relatives === undefined ? null : (
          <RelativesTree run={run} document={followed.document} relatives={relatives} />
        )}
        {run.output === undefined ? null : <PacketPanel title="Output" value={run.output} />}
        {run.payload === undefined ? null : <PacketPanel title="Payload" value={run.payload} />}
        <AttemptsList attemptCount={run.attemptCount} history={history} />
      </div>
    </div>
  );
}
