import { closeSession, type Session } from "../api/sessions.ts";
import { MenuForm } from "../ui/menu-form.tsx";

interface CloseSessionProps {
  readonly session: Session;
  onClosed(session: Session, headers: Headers): void;
}

/** Closes a session, after a second look: it cannot be opened again. */
export function CloseSession({ session, onClosed }: CloseSessionProps) {
  return (
    <MenuForm
      title="Close session"
      action="Close for good"
      danger
      send={(fields) => closeSession(session.id, String(fields.get("reason")).trim())}
      onDone={(closed, headers) => onClosed({ ...session, ...closed }, headers)}
    >
      <p>A closed session stays closed. Its run goes on until it ends by itself.</p>
      <label>
        Reason (optional)
        <input name="reason" maxLength={256} autoComplete="off" />
      </label>
    </MenuForm>
  );
}
