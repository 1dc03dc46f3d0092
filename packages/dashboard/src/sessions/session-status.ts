import type { Session } from "../api/sessions.ts";

/** What the API filters sessions by: a closed one stays closed, and one past its time is expired. */
export function sessionStatus({ closedAt, expiresAt }: Session): "ACTIVE" | "CLOSED" | "EXPIRED" {
  if (closedAt !== null) return "CLOSED";
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? "EXPIRED" : "ACTIVE";
}
