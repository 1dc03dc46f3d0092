import { useRealtimeStream } from "@trigger.dev/react-hooks";
import type { KeyedWord } from "../telegram.ts";
import { ErrorNote } from "./error-note.tsx";

/** The stream `morse` of a run, as it is written. Without a token of its own it uses the page's. */
export function MorseTape(props: { readonly runId: string; readonly accessToken?: string }) {
  const { runId, accessToken } = props;
  const { parts, error } = useRealtimeStream<KeyedWord>(
    runId,
    "morse",
    accessToken === undefined ? {} : { accessToken },
  );
  if (error !== undefined) return <ErrorNote title="The tape cannot be read" error={error} />;
  return (
    <ol className="tape" aria-label="Morse code">
      {parts.map(({ word, code }, index) => (
        // Parts only ever come at the end.
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a part is known by
        <li key={index}>
          <b>{word}</b>
          <span>{code}</span>
        </li>
      ))}
    </ol>
  );
}
