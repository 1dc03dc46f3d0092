import { Link } from "wouter";
import type { StoredRecord } from "../api/records.ts";
import type { Column } from "../list/table-row.tsx";
import { previewOf } from "../ui/json-preview.ts";
import { Time } from "../ui/time.tsx";
import { TimesToggle } from "../ui/times-toggle.tsx";

/** The columns of the list of records. */
export const RECORD_COLUMNS: readonly Column<StoredRecord>[] = [
  {
    name: "name",
    title: "Record",
    cell: (record, link) => (
      <Link href={`/records/${encodeURIComponent(record.id)}`} className="row-link" {...link}>
        <bdi className="row-title cut">{record.name}</bdi>
        <bdi className="row-id cut">{record.id}</bdi>
      </Link>
    ),
  },
  { name: "type", title: "Type", cell: (record) => <bdi className="cut">{record.type}</bdi> },
  {
    name: "metadata",
    title: "Metadata",
    cell: (record) => <bdi className="preview cut">{previewOf(record.metadata)}</bdi>,
  },
  {
    name: "messages",
    title: "Messages",
    cell: (record) => <span className="number">{record.messages?.length ?? "–"}</span>,
  },
  {
    name: "started",
    title: <TimesToggle title="Changed" />,
    cell: (record) => <Time at={record.updatedAt} />,
  },
];
