import type { JsonObject } from "@runmeta/runtime/protocol";
import { useId, useRef, useState } from "react";
import type { Fault } from "../../api/fault.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { ConflictNote } from "./conflict-note.tsx";
import { saveDocument } from "./save-document.ts";
import { SizeMeter } from "./size-meter.tsx";
import { useDraft } from "./use-draft.ts";

interface DocumentEditorProps {
  readonly id: string;
  /** The document as it is now; it may change while one types. */
  readonly newest: JsonObject;
  readonly limitBytes: number | undefined;
  /** With the document that the server has then; without one when nothing was saved. */
  readonly onDone: (saved?: JsonObject) => void;
}

/** A run's document as text. Only the top-level names that were changed are written. */
export function DocumentEditor({ id, newest, limitBytes, onDone }: DocumentEditorProps) {
  const draft = useDraft(newest);
  const { read } = draft;
  const area = useRef<HTMLTextAreaElement>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const wrongId = useId();
  const over = draft.bytes !== undefined && limitBytes !== undefined && draft.bytes > limitBytes;
  const savable = read.ok && !over && draft.changes && !busy;

  const save = async () => {
    const request = draft.request();
    if (!savable || request === undefined) return;
    setBusy(true);
    setFault(undefined);
    const answer = await saveDocument(id, request);
    setBusy(false);
    if (answer?.ok) onDone(answer.value.metadata);
    else setFault(answer?.fault);
  };
  return (
    <form
      className="editor"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
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
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save();
        }}
      />
      <p className="editor-wrong" id={wrongId} role="status">
        {read.ok ? null : (
          <>
            {read.place === undefined ? null : (
              <button
                type="button"
                className="link"
                onClick={() => {
                  area.current?.focus();
                  area.current?.setSelectionRange(read.place?.offset ?? 0, read.place?.offset ?? 0);
                }}
              >
                Line {read.place.line}, column {read.place.column}
              </button>
            )}
            <span>{read.message}</span>
          </>
        )}
      </p>
      {draft.overtaken ? (
        <ConflictNote names={draft.conflicts} newest={newest} onTakeNewest={() => draft.restart(newest)} />
      ) : null}
      {fault === undefined ? null : <ErrorNote fault={fault} />}
      <div className="editor-foot">
        <SizeMeter bytes={draft.bytes} limitBytes={limitBytes} />
        <Button onClick={() => onDone()}>Discard</Button>
        <Button kind="primary" type="submit" disabled={!savable}>
          {draft.conflicts.length > 0 ? "Save over it" : "Save"}
        </Button>
      </div>
    </form>
  );
}
