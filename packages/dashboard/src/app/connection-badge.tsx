import { useConnection } from "../live/connection.ts";
import { formatAbsolute } from "../ui/format-time.ts";

/** Whether what is shown is of now; nothing where nothing is live. */
export function ConnectionBadge() {
  const { status, lastGoodAt } = useConnection();
  if (status === "none") return null;
  const lost = status === "lost";
  return (
    <span
      className="connection"
      data-state={status}
      role="status"
      title={lastGoodAt === 0 ? "" : `Last answer ${formatAbsolute(new Date(lastGoodAt))}`}
    >
      <span className="connection-dot" aria-hidden="true" />
      {lost ? "Reconnecting" : "Live"}
    </span>
  );
}
