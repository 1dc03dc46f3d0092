import { useRealtimeTaskTrigger } from "@trigger.dev/react-hooks";
import { type FormEvent, useId, useState } from "react";
import { TAG, TASK } from "../telegram.ts";
import { ErrorNote } from "./error-note.tsx";
import { MorseTape } from "./morse-tape.tsx";
import { RunView } from "./run-view.tsx";

const EXAMPLE = "What hath God wrought? The first message went from Washington to Baltimore in 1844.";

/** Writes a telegram, triggers its run from the browser, and shows it from then on. */
export function Composer(props: { readonly triggerToken: string; readonly onAnother: () => void }) {
  const { triggerToken, onAnother } = props;
  const [text, setText] = useState(EXAMPLE);
  const field = useId();
  const { submit, isLoading, handle, run, error } = useRealtimeTaskTrigger(TASK, {
    accessToken: triggerToken,
  });

  if (handle !== undefined) {
    return (
      <RunView runId={handle.id} run={run} error={error} onClose={onAnother}>
        <MorseTape runId={handle.id} accessToken={handle.publicAccessToken} />
      </RunView>
    );
  }
  const send = (event: FormEvent) => {
    event.preventDefault();
    submit({ text }, { tags: [TAG] });
  };
  return (
    <form className="card" onSubmit={send}>
      <label htmlFor={field}>Your message</label>
      <textarea
        id={field}
        rows={3}
        maxLength={300}
        required
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="row">
        <span className="quiet">{text.length} of 300 characters</span>
        <button type="submit" disabled={isLoading}>
          {isLoading ? "Sending …" : "Send telegram"}
        </button>
      </div>
      {error !== undefined && (
        <ErrorNote title="It was not sent" error={error}>
          <button type="button" className="plain" onClick={onAnother}>
            Get a new token
          </button>
        </ErrorNote>
      )}
    </form>
  );
}
