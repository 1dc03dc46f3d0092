import { jsonBytes, MAX_SESSION_UPDATE_BYTES, MAX_TAG_LENGTH, MAX_TAGS } from "@runmeta/runtime/protocol";
import { useId, useState } from "react";
import { type Session, updateSession } from "../api/sessions.ts";
import { EditForm } from "../ui/edit-form.tsx";
import { JsonField } from "../ui/json-field.tsx";
import { readDocument } from "../ui/read-document.ts";
import { useSubmit } from "../ui/use-submit.ts";

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
  const tags = [...new Set(tagText.split("\n").map((tag) => tag.trim()))].filter((tag) => tag !== "");
  const read = text.trim() === "" ? undefined : readDocument(text);
  const metadata = read?.ok ? read.document : null;
  const used = jsonBytes({ tags, metadata });
  const tagProblem =
    tags.length > MAX_TAGS
      ? `${tags.length} tags; a session has at most ${MAX_TAGS}.`
      : tags.some((tag) => tag.length > MAX_TAG_LENGTH)
        ? `A tag has at most ${MAX_TAG_LENGTH} characters.`
        : "";
  const wrong = read?.ok === false || tagProblem !== "" || used > MAX_SESSION_UPDATE_BYTES;
  const submit = useSubmit(() => updateSession(session.id, { tags, metadata }), onSaved);

  return (
    <EditForm submit={submit} savable={!wrong} onCancel={onCancel}>
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
        problem={read?.ok === false ? read : undefined}
        bytes={{ used, limit: MAX_SESSION_UPDATE_BYTES }}
      />
    </EditForm>
  );
}
