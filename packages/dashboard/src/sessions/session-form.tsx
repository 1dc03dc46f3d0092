import { MAX_SESSION_UPDATE_BYTES, MAX_TAG_LENGTH, MAX_TAGS } from "@runmeta/runtime/protocol";
import { type FormEvent, useId, useState } from "react";
import type { Fault } from "../api/fault.ts";
import { type Session, updateSession } from "../api/sessions.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNote } from "../ui/error-note.tsx";
import { JsonField } from "../ui/json-field.tsx";
import { type ParsedDocument, parseDocument } from "../ui/parse-document.ts";

interface SessionFormProps {
  readonly session: Session;
  onSaved(session: Session, headers: Headers): void;
  onCancel(): void;
}

/** Tags and document of a session. An empty document field clears it. */
export function SessionForm({ session, onSaved, onCancel }: SessionFormProps) {
  const id = useId();
  const [tagText, setTagText] = useState(session.tags.join("\n"));
  const [text, setText] = useState(
    session.metadata === null ? "" : JSON.stringify(session.metadata, null, 2),
  );
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);
  const tags = [...new Set(tagText.split("\n").map((tag) => tag.trim()))].filter((tag) => tag !== "");
  const parsed: ParsedDocument | undefined = text.trim() === "" ? undefined : parseDocument(text);
  const metadata = parsed?.ok ? parsed.document : null;
  const used = new TextEncoder().encode(JSON.stringify({ tags, metadata })).length;
  const tagProblem =
    tags.length > MAX_TAGS
      ? `${tags.length} tags; a session has at most ${MAX_TAGS}.`
      : tags.some((tag) => tag.length > MAX_TAG_LENGTH)
        ? `A tag has at most ${MAX_TAG_LENGTH} characters.`
        : "";
  const wrong = parsed?.ok === false || tagProblem !== "" || used > MAX_SESSION_UPDATE_BYTES;

  async function save(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    const answer = await updateSession(session.id, { tags, metadata });
    setBusy(false);
    if (answer === undefined) return;
    if (answer.ok) onSaved(answer.value, answer.headers);
    else setFault(answer.fault);
  }

  return (
    <form className="detail-form" onSubmit={(event) => void save(event)}>
      <div className="json-field">
        <label htmlFor={`${id}-tags`}>Tags, one a line</label>
        <textarea
          id={`${id}-tags`}
          value={tagText}
          onChange={(event) => setTagText(event.target.value)}
          rows={Math.max(2, tags.length + 1)}
          spellCheck={false}
          aria-invalid={tagProblem !== ""}
          aria-describedby={`${id}-tag-problem`}
        />
        <p id={`${id}-tag-problem`} className="field-refusal" role="alert">
          {tagProblem}
        </p>
      </div>
      <JsonField
        label="Metadata"
        text={text}
        onChange={setText}
        problem={parsed?.ok === false ? parsed.problem : undefined}
        bytes={{ used, limit: MAX_SESSION_UPDATE_BYTES }}
      />
      {fault === undefined ? null : <ErrorNote fault={fault} />}
      <div className="form-actions">
        <Button type="submit" kind="primary" disabled={busy || wrong}>
          {busy ? "Saving…" : "Save"}
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}
