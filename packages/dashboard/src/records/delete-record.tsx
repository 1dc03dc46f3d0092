import { deleteRecord, type StoredRecord } from "../api/records.ts";
import { MenuForm } from "../ui/menu-form.tsx";

interface DeleteRecordProps {
  readonly record: StoredRecord;
  /** The one that is seen; another one at the server is not deleted. */
  readonly version: string | undefined;
  onDeleted(): void;
}

/** Deletes a record, after a second look. */
export function DeleteRecord({ record, version, onDeleted }: DeleteRecordProps) {
  return (
    <MenuForm
      title="Delete"
      action="Delete for good"
      danger
      send={() => deleteRecord(record.id, version)}
      onDone={onDeleted}
    >
      <p>Its document and its messages are gone then, for everybody who reads them.</p>
    </MenuForm>
  );
}
