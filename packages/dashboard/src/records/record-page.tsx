import { useState } from "react";
import { useLocation } from "wouter";
import { retrieveRecord, type StoredRecord } from "../api/records.ts";
import { useLiveValue } from "../live/use-live-value.ts";
import { useReadOnly } from "../sign-in/sign-in-state.tsx";
import { Button } from "../ui/button.tsx";
import { DetailHead } from "../ui/detail-head.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { ErrorNote } from "../ui/error-note.tsx";
import { Facts } from "../ui/facts.tsx";
import { JsonText } from "../ui/json-text.tsx";
import { Time } from "../ui/time.tsx";
import { useTitle } from "../ui/use-title.ts";
import { DeleteRecord } from "./delete-record.tsx";
import { RecordForm } from "./record-form.tsx";

const LIST = { path: "/records", name: "Records" };

/** One record: its document, its messages, and a form that changes them. */
export function RecordPage({ id }: { readonly id: string }) {
  const {
    value: record,
    headers,
    fault,
    take,
  } = useLiveValue(id, 2_000, (signal) => retrieveRecord(id, signal));
  /** The version that is being edited: what comes meanwhile must not be written over. */
  const [edited, setEdited] = useState<{ record: StoredRecord; version: string | undefined }>();
  const readOnly = useReadOnly();
  const [, goTo] = useLocation();
  useTitle(record?.name ?? id);
  if (record === undefined) {
    if (fault?.kind !== "refused") return null;
    return fault.status === 404 ? (
      <EmptyState title="There is no such record" />
    ) : (
      <ErrorNote fault={fault} />
    );
  }
  const version = headers?.get("etag") ?? undefined;
  const edit = () => setEdited({ record, version });
  return (
    <article className="detail">
      <DetailHead
        list={LIST}
        title={record.name}
        actions={
          readOnly || edited !== undefined ? null : (
            <>
              <Button onClick={edit}>Edit</Button>
              <DeleteRecord record={record} version={version} onDeleted={() => goTo(LIST.path)} />
            </>
          )
        }
      >
        <span className="tag">
          <bdi>{record.type}</bdi>
        </span>
      </DetailHead>
      <div className="detail-columns">
        {edited === undefined ? (
          <div className="detail-form">
            <section>
              <h2>Metadata</h2>
              <JsonText value={record.metadata} label="Metadata" />
            </section>
            <section>
              <h2>Messages</h2>
              {record.messages === null ? (
                <p className="muted">This record has no messages.</p>
              ) : (
                <JsonText value={record.messages} label="Messages" />
              )}
            </section>
          </div>
        ) : (
          <RecordForm
            key={edited.version}
            record={edited.record}
            version={edited.version}
            onSaved={(saved, savedHeaders) => {
              take(saved, savedHeaders);
              setEdited(undefined);
            }}
            onReload={edit}
            onCancel={() => setEdited(undefined)}
          />
        )}
        <Facts
          facts={[
            ["Id", <code key="id">{record.id}</code>],
            ["Type", <bdi key="type">{record.type}</bdi>],
            ["Created", <Time key="created" at={record.createdAt} />],
            ["Changed", <Time key="changed" at={record.updatedAt} />],
          ]}
        />
      </div>
    </article>
  );
}
