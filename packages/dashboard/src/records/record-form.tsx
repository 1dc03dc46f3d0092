import { MAX_BODY_BYTES } from "@runmeta/runtime/protocol";
import { useId, useState } from "react";
import { type StoredRecord, updateRecord } from "../api/records.ts";
import { Button } from "../ui/button.tsx";
import { EditForm } from "../ui/edit-form.tsx";
import { JsonField } from "../ui/json-field.tsx";
import { readDocument } from "../ui/read-document.ts";
import { useSubmit } from "../ui/use-submit.ts";
import { readMessages } from "./read-messages.ts";

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
  const metadata = readDocument(text);
  const messages = readMessages(messageText);
  const fields =
    metadata.ok && messages.ok
      ? { name, type, metadata: metadata.document, messages: messages.messages }
      : undefined;
  const bytes = fields && {
    used: new TextEncoder().encode(JSON.stringify(fields)).length,
    limit: MAX_BODY_BYTES,
  };
  const submit = useSubmit(async () => fields && (await updateRecord(record.id, fields, version)), onSaved);
  const stale = submit.fault?.kind === "refused" && submit.fault.status === 409;

  return (
    <EditForm
      submit={submit}
      savable={bytes !== undefined && bytes.used <= bytes.limit}
      actions={stale ? <Button onClick={onReload}>Take the newest version</Button> : null}
      onCancel={onCancel}
    >
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
        problem={metadata.ok ? undefined : metadata}
        bytes={bytes}
      />
      <JsonField
        label="Messages: a list of objects, or empty for none"
        text={messageText}
        onChange={setMessageText}
        problem={messages.ok ? undefined : messages}
      />
    </EditForm>
  );
}
