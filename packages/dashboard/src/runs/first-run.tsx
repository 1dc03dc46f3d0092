import { CodeSnippet } from "../ui/code-snippet.tsx";
import { EmptyState } from "../ui/empty-state.tsx";

/** The first step, for a server without runs. */
export function FirstRun() {
  const { origin } = window.location;
  return (
    <EmptyState title="No runs yet">
      <p>
        Give any job of yours a run, and what it writes shows up here while it works. With a secret key of
        this server in <code>TRIGGER_SECRET_KEY</code>:
      </p>
      <CodeSnippet
        label="A job with a run"
        text={`import { configure, metadata, withRun } from "@runmeta/runtime";

configure({ baseURL: "${origin}" });

await withRun({ task: "newsletter" }, async () => {
  const progress = metadata.progress(100);
  for (let n = 0; n < 100; n++) {
    metadata.set("last", n);
    progress.advance();
    await new Promise((done) => setTimeout(done, 100));
  }
});`}
      />
      <p>Or have a task of this server run:</p>
      <CodeSnippet
        label="A trigger call"
        text={`curl ${origin}/api/v1/tasks/hello/trigger \\
  -H "authorization: Bearer $TRIGGER_SECRET_KEY" \\
  -H "content-type: application/json" -d '{"payload":{"name":"Ada"}}'`}
      />
    </EmptyState>
  );
}
