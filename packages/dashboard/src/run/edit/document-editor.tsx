import type { JsonObject } from "@runmeta/runtime/protocol";
import { useId, useRef } from "react";
import type { Answer } from "../../api/fault.ts";
import type { RetrievedRun } from "../../api/runs.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextProblem } from "../../ui/text-problem.tsx";
import { useSubmit } from "../../ui/use-submit.ts";
import { ConflictNote } from "./conflict-note.tsx";
import { saveDocument } from "./save-document.ts";
import { SizeMeter } from "./size-meter.tsx";
import { useDraft } from "./use-draft.ts";

interface DocumentEditorProps {
  readonly id: string;
  /** The document as it is now; it may change while one types. */
  readonly newest: JsonObject;
  readonly limitBytes: number | undefined;
  /** Reads the run now; `newest` follows. */
  readonly readAgain: () => Promise<Answer<RetrievedRun> | undefined>;
  /** Saved, or given up. */
  readonly onDone: () => void;
}

/** A run's document as text. Only the top-level names that were changed are written. */
export function DocumentEditor({ id, newest, limitBytes, readAgain, onDone }: DocumentEditorProps) {
  const draft = useDraft(newest);
  const { read } = draft;
  const area = useRef<HTMLTextAreaElement>(null);
  const wrongId = useId();
  const over = draft.bytes !== undefined && limitBytes !== undefined && draft.bytes > limitBytes;
  const savable = read.ok && !over && draft.changes;
  const { busy, fault, submit } = useSubmit(
    async () => {
      // The page may be behind, by a moment or by a lost connection: what is written over must have been seen.
      const current = await readAgain();
      if (!current?.ok) return current;
      const request = draft.request(current.value.metadata ?? {});
      const saved = request && (await saveDocument(id, request));
      // The reply may be older than an event that came before it.
      if (saved?.ok) await readAgain();
      return saved;
    },
    () => {
      onDone();
    },
  );
  const save = () => {
    if (savable) void submit();
  };
  return (
    <form
      className="editor"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <textarea
        key={draft.start}
        ref={area}
        className="code"
        aria-label="Document as JSON"
        aria-invalid={!read.ok || over}
        aria-describedby={wrongId}
        spellCheck={false}
        autoComplete="off"
        wrap="off"
        dir="ltr"
        defaultValue={draft.start}
        onChange={(event) => draft.type(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
        }}
      />
      <TextProblem id={wrongId} problem={read.ok ? undefined : read} area={area} />
      {draft.overtaken ? (
        <ConflictNote names={draft.conflicts} newest={newest} onTakeNewest={() => draft.restart(newest)} />
      ) : null}
      {fault === undefined ? null : <ErrorNote fault={fault} />}
      <div className="editor-foot">
        <SizeMeter bytes={draft.bytes} limitBytes={limitBytes} />
        <Button onClick={() => onDone()}>Discard</Button>
        <Button kind="primary" type="submit" disabled={!savable || busy}>
          {draft.conflicts.length > 0 ? "Save over it" : "Save"}
        </Button>
      </div>
    </form>
  );
}
