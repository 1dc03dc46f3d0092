import { isEnded } from "@runmeta/runtime/protocol";
import { useDeferredValue, useState } from "react";
import type { Answer } from "../api/fault.ts";
import type { RetrievedRun } from "../api/runs.ts";
import { useReadOnly } from "../sign-in/sign-in-state.tsx";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { DocumentTree } from "./document/document-tree.tsx";
import { DocumentEditor } from "./edit/document-editor.tsx";
import type { FollowedRun } from "./feed/run-feed.ts";
import type { RunHistory } from "./history/run-history.ts";
import { TimelineBar } from "./history/timeline-bar.tsx";
import type { MomentChoice } from "./history/use-moment.ts";

interface DocumentPanelProps {
  readonly followed: FollowedRun;
  readonly history: RunHistory | undefined;
  readonly choice: MomentChoice;
  /** Reads the run now, for the whole page. */
  readonly readAgain: () => Promise<Answer<RetrievedRun> | undefined>;
}

/** The server takes no more writes that long after the end of a run. */
const EDITABLE_AFTER_END_MS = 60 * 60_000;
/** Small documents are seen at a glance. */
const FIND_FROM_KEYS = 12;

/** A run's document: as it is, as it was, and to be changed. */
export function DocumentPanel({ followed, history, choice, readAgain }: DocumentPanelProps) {
  const { run, document: newest, changedAt } = followed;
  const { moment } = choice;
  const readOnly = useReadOnly();
  const [editing, setEditing] = useState(false);
  const [typed, setTyped] = useState("");
  const find = useDeferredValue(typed);
  const shown = moment?.document ?? newest;
  const editable = !readOnly && !isLongOver(run);
  return (
    <section className="panel document-panel" aria-labelledby="document-title">
      <header className="panel-head">
        <h2 id="document-title">Metadata</h2>
        {editing ? null : (
          <>
            {Object.keys(shown).length < FIND_FROM_KEYS && typed === "" ? null : (
              <input
                type="search"
                aria-label="Find in the document"
                placeholder="Find"
                value={typed}
                onChange={(event) => setTyped(event.currentTarget.value)}
              />
            )}
            <CopyButton text={() => JSON.stringify(shown, null, 2)} label="Copy JSON" />
            {editable ? (
              <Button
                onClick={() => {
                  choice.backToLive();
                  setEditing(true);
                }}
              >
                Edit
              </Button>
            ) : null}
          </>
        )}
      </header>
      {editing ? (
        <DocumentEditor
          id={run.id}
          newest={newest}
          limitBytes={history?.limitBytes}
          readAgain={readAgain}
          onDone={() => setEditing(false)}
        />
      ) : (
        <>
          {history === undefined ? null : <TimelineBar history={history} choice={choice} />}
          <DocumentTree
            document={shown}
            label="Metadata"
            find={find}
            changedAt={moment === undefined ? changedAt : undefined}
            marked={moment?.changed}
            history={history}
            atMs={moment === undefined ? undefined : Date.parse(moment.at)}
          />
        </>
      )}
    </section>
  );
}

function isLongOver(run: FollowedRun["run"]): boolean {
  if (!isEnded(run.status) || run.finishedAt === undefined) return false;
  return Date.now() - Date.parse(run.finishedAt) > EDITABLE_AFTER_END_MS;
}
