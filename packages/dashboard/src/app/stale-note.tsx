import { useConnection } from "../live/connection.ts";
import { formatAbsolute } from "../ui/format-time.ts";

/** Says that the picture is old, and of when it is. */
export function StaleNote() {
  const { status, lastGoodAt } = useConnection();
  if (status !== "lost") return null;
  return (
    <p className="stale-note" role="alert">
      <strong>The server does not answer.</strong>{" "}
      {lastGoodAt === 0
        ? "Trying again."
        : `What you see is of ${formatAbsolute(new Date(lastGoodAt))}. Trying again.`}
    </p>
  );
}
