import { isJsonObject, type JsonObject, MAX_BODY_BYTES } from "@runmeta/runtime/protocol";
import { type FormEvent, useId, useState } from "react";
import type { Fault } from "../api/fault.ts";
import { type StoredRecord, updateRecord } from "../api/records.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNote } from "../ui/error-note.tsx";
import { JsonField } from "../ui/json-field.tsx";
import { parseDocument } from "../ui/parse-document.ts";

interface RecordFormProps {
  readonly record: StoredRecord;
  /** The one that is edited; another one at the server is not written over. */
  readonly version: string | undefined;
  onSaved(record: StoredRecord, headers: Headers): void;
  /** Gives up what was typed, and begins with the newest version. */
  onReload(): void;
  onCancel(): void;
}

/** Name, type, document and messages of a record. */
export function RecordForm({ record, version, onSaved, onReload, onCancel }: RecordFormProps) {
  const id = useId();
  const [name, setName] = useState(record.name);
  const [type, setType] = useState(record.type);
  const [text, setText] = useState(() => JSON.stringify(record.metadata, null, 2));
  const [messageText, setMessageText] = useState(() =>
    record.messages === null ? "" : JSON.stringify(record.messages, null, 2),
  );
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);
  const metadata = parseDocument(text);
  const messages = parseMessages(messageText);
  const stale = fault?.kind === "refused" && fault.status === 409;

  async function save(event: FormEvent) {
    event.preventDefault();
    if (!metadata.ok || !messages.ok) return;
    setBusy(true);
    setFault(undefined);
    const fields = { name, type, metadata: metadata.document, messages: messages.messages };
    const answer = await updateRecord(record.id, fields, version);
    setBusy(false);
    if (answer === undefined) return;
    if (answer.ok) onSaved(answer.value, answer.headers);
    else setFault(answer.fault);
  }

  return (
    <form className="detail-form" onSubmit={(event) => void save(event)}>
      <div className="fields">
        <label htmlFor={`${id}-name`}>
          Name
          <input
            id={`${id}-name`}
            value={name}
            onChange={(event) => setName(event.target.value)}
            required
            maxLength={500}
          />
        </label>
        <label htmlFor={`${id}-type`}>
          Type
          <input
            id={`${id}-type`}
            value={type}
            onChange={(event) => setType(event.target.value)}
            required
            maxLength={255}
          />
        </label>
      </div>
      <JsonField
        label="Metadata"
        text={text}
        onChange={setText}
        problem={metadata.ok ? undefined : metadata.problem}
        bytes={{ used: new TextEncoder().encode(text).length, limit: MAX_BODY_BYTES }}
      />
      <JsonField
        label="Messages: a list of objects, or empty for none"
        text={messageText}
        onChange={setMessageText}
        problem={messages.ok ? undefined : messages.problem}
      />
      {fault === undefined ? null : <ErrorNote fault={fault} />}
      <div className="form-actions">
        <Button type="submit" kind="primary" disabled={busy || !metadata.ok || !messages.ok}>
          {busy ? "Saving…" : "Save"}
        </Button>
        {stale ? <Button onClick={onReload}>Take the newest version</Button> : null}
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}

function parseMessages(
  text: string,
): { ok: true; messages: readonly JsonObject[] | null } | { ok: false; problem: string } {
  if (text.trim() === "") return { ok: true, messages: null };
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every(isJsonObject)) return { ok: true, messages: value };
  } catch (error) {
    return { ok: false, problem: `This is no JSON: ${(error as Error).message}` };
  }
  return { ok: false, problem: "Messages are a list of JSON objects, [{ … }]." };
}
