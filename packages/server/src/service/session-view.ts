import type { SessionRow } from "../storage/storage.ts";

/** A session as the API shows it. What may be null must be there: official clients read its absence as a fault. */
export function sessionItem(session: SessionRow) {
  return { ...listedSession(session), triggerConfig: JSON.parse(session.triggerConfig) as unknown };
}

/** The same in lists, which leave the configuration out. */
export function listedSession(session: SessionRow) {
  return {
    id: session.id,
    externalId: session.externalId ?? null,
    type: session.type,
    taskIdentifier: session.task,
    currentRunId: session.currentRunId ?? null,
    tags: session.tags,
    metadata: session.metadata === undefined ? null : (JSON.parse(session.metadata) as unknown),
    closedAt: session.closedAt ?? null,
    closedReason: session.closedReason ?? null,
    expiresAt: session.expiresAt ?? null,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
  };
}
