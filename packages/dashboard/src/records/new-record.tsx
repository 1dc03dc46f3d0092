import { useLocation } from "wouter";
import { createRecord } from "../api/records.ts";
import { MenuForm } from "../ui/menu-form.tsx";

/** Makes an empty record and goes to its page, where its document is written. */
export function NewRecord() {
  const [, goTo] = useLocation();
  return (
    <MenuForm
      title="New record"
      action="Create"
      send={(fields) => {
        const text = (name: string) => String(fields.get(name));
        return createRecord({
          type: text("type"),
          name: text("name"),
          ...(text("id") === "" ? {} : { id: text("id") }),
        });
      }}
      onDone={({ id }) => goTo(`/records/${encodeURIComponent(id)}`)}
    >
      <label>
        Type
        <input name="type" required maxLength={255} autoComplete="off" />
      </label>
      <label>
        Name
        <input name="name" required maxLength={500} autoComplete="off" />
      </label>
      <label>
        Id (optional)
        <input name="id" maxLength={255} autoComplete="off" spellCheck={false} />
      </label>
    </MenuForm>
  );
}
