import { useMemo } from "react";
import { listRecords, type StoredRecord } from "../api/records.ts";
import type { ListSource } from "../list/cursor-list.ts";
import { LiveList } from "../list/live-list.tsx";
import { useReadOnly } from "../sign-in/sign-in-state.tsx";
import { CodeSnippet } from "../ui/code-snippet.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { type FilterField, TextFilterBar } from "../ui/text-filter-bar.tsx";
import { type QueryFilter, useQueryFilter } from "../ui/use-query-filter.ts";
import { useTitle } from "../ui/use-title.ts";
import { NewRecord } from "./new-record.tsx";
import { RECORD_COLUMNS } from "./record-columns.tsx";

type FilterName = "type" | "name";

const FIELDS: readonly FilterField<FilterName>[] = [
  { name: "type", label: "Type, exactly" },
  { name: "name", label: "Name, exactly" },
];
const NAMES = FIELDS.map(({ name }) => name);
const NO_FILTER: QueryFilter<FilterName> = { type: "", name: "" };

/** All records, newest first, live. */
export function RecordsPage() {
  useTitle("Records");
  const [filter, setFilter] = useQueryFilter("/records", NAMES);
  const readOnly = useReadOnly();
  return (
    <LiveList
      name="records"
      title="Records"
      filterBar={<TextFilterBar fields={FIELDS} filter={filter} onChange={setFilter} />}
      actions={readOnly ? null : <NewRecord />}
      filterText={filter.type + filter.name === "" ? "" : JSON.stringify(filter)}
      onClearFilter={() => setFilter(NO_FILTER)}
      source={useMemo(() => recordsMatching(filter), [filter])}
      columns={RECORD_COLUMNS}
      firstStep={<FirstRecord />}
    />
  );
}

function FirstRecord() {
  return (
    <EmptyState title="No records yet">
      <p>A record is a named document without a run, that many writers can share:</p>
      <CodeSnippet
        label="A call that makes a record"
        text={`curl ${window.location.origin}/v1/records \\
  -H "authorization: Bearer $TRIGGER_SECRET_KEY" -H "content-type: application/json" \\
  -d '{"type":"customer","name":"Ada","metadata":{"plan":"free"}}'`}
      />
    </EmptyState>
  );
}

function recordsMatching(filter: QueryFilter<FilterName>): ListSource<StoredRecord> {
  return {
    async read({ size, after }, signal) {
      const answer = await listRecords(
        { ...filter, "page[size]": String(size), "page[after]": after },
        signal,
      );
      if (!answer?.ok) return answer;
      const { data, pagination } = answer.value;
      return { ...answer, value: { rows: data, next: pagination.next } };
    },
  };
}
