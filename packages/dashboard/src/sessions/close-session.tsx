import { type FormEvent, useState } from "react";
import type { Fault } from "../api/fault.ts";
import { closeSession, type Session } from "../api/sessions.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNote } from "../ui/error-note.tsx";
import { Menu } from "../ui/menu.tsx";

interface CloseSessionProps {
  readonly session: Session;
  onClosed(session: Session, headers: Headers): void;
}

/** Closes a session, after a second look: it cannot be opened again. */
export function CloseSession({ session, onClosed }: CloseSessionProps) {
  const [fault, setFault] = useState<Fault>();
  async function close(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get("reason")).trim();
    const answer = await closeSession(session.id, reason);
    if (answer === undefined) return;
    if (answer.ok) onClosed({ ...session, ...answer.value }, answer.headers);
    else setFault(answer.fault);
  }
  return (
    <Menu title="Close session">
      <form className="fields" onSubmit={(event) => void close(event)}>
        <p>A closed session stays closed. Its run goes on until it ends by itself.</p>
        <label>
          Reason (optional)
          <input name="reason" maxLength={256} autoComplete="off" />
        </label>
        {fault === undefined ? null : <ErrorNote fault={fault} />}
        <Button type="submit" kind="danger">
          Close for good
        </Button>
      </form>
    </Menu>
  );
}
