import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { ErrorNote } from "./error-note.tsx";
import type { Submit } from "./use-submit.ts";

interface EditFormProps {
  readonly submit: Submit;
  /** Whether the server would take what stands in the fields. */
  readonly savable: boolean;
  readonly children: ReactNode;
  /** More buttons. */
  readonly actions?: ReactNode;
  onCancel(): void;
}

/** The fields of one thing, and the buttons that save or leave them. */
export function EditForm({ submit, savable, children, actions, onCancel }: EditFormProps) {
  return (
    <form
      className="detail-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (savable) void submit.submit();
      }}
    >
      {children}
      {submit.fault === undefined ? null : <ErrorNote fault={submit.fault} />}
      <div className="form-actions">
        <Button type="submit" kind="primary" disabled={submit.busy || !savable}>
          {submit.busy ? "Saving…" : "Save"}
        </Button>
        {actions}
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}
