import type { RetrievedRun } from "../../api/runs.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { cutText } from "../text/cut-text.ts";
import { TextBlocks } from "../text/full-text.tsx";
import { ShownText } from "../text/shown-text.tsx";

const MAX_NAME = 200;

/** Why a run failed. */
export function RunError({ error }: { readonly error: NonNullable<RetrievedRun["error"]> }) {
  const { name = "Error", message, stackTrace } = error;
  return (
    <section className="panel run-error" aria-labelledby="error-title">
      <header className="panel-head">
        <h2 id="error-title">
          <ShownText text={cutText(name, MAX_NAME)} />
        </h2>
        <CopyButton text={() => stackTrace ?? `${name}: ${message}`} />
      </header>
      <TextBlocks text={message} />
      {stackTrace === undefined ? null : (
        <details>
          <summary>Stack</summary>
          <TextBlocks text={stackTrace} />
        </details>
      )}
    </section>
  );
}
