/** What the services need of a database to keep sessions. */
export interface SessionStorage {
  /** Inserts a session; where its external id (or id) exists already, gives back the session that has it, unchanged. */
  insertSession(session: NewSession): Promise<SessionRow>;
  /** By id where `name` starts with `session_`, else by external id. */
  findSession(environment: string, name: string): Promise<SessionRow | undefined>;
  /** Newest first (created_at, then id); `after`/`before` are session ids. */
  listSessions(query: SessionQuery): Promise<SessionRow[]>;
  /** Changes what `change` names; undefined when there is no such session. */
  updateSession(environment: string, id: string, change: SessionChange): Promise<SessionRow | undefined>;
  /** Closes a session that is not closed; undefined when it was, or is not there. */
  closeSession(environment: string, id: string, reason: string | undefined): Promise<SessionRow | undefined>;
  /** Makes `runId` the session's run if it still has `previousRunId` and is not closed; undefined when not. */
  setSessionRun(
    environment: string,
    id: string,
    run: { readonly runId: string; readonly previousRunId: string | undefined },
  ): Promise<SessionRow | undefined>;
}

export interface NewSession {
  readonly id: string;
  readonly environment: string;
  readonly externalId: string | undefined;
  readonly type: string;
  readonly task: string;
  /** JSON text. */
  readonly triggerConfig: string;
  readonly tags: readonly string[];
  /** JSON text of an object; undefined: none. */
  readonly metadata: string | undefined;
  readonly expiresAt: Date | undefined;
}

export interface SessionRow extends NewSession {
  readonly currentRunId: string | undefined;
  readonly closedAt: Date | undefined;
  readonly closedReason: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface SessionChange {
  readonly tags?: readonly string[] | undefined;
  /** null clears it. */
  readonly metadata?: string | null | undefined;
  readonly triggerConfig?: string | undefined;
}

/** `closed` wins over `expired`. */
export type SessionStatus = "ACTIVE" | "CLOSED" | "EXPIRED";

export interface SessionQuery {
  readonly environment: string;
  readonly limit: number;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly types?: readonly string[] | undefined;
  /** Any of them. */
  readonly tags?: readonly string[] | undefined;
  readonly tasks?: readonly string[] | undefined;
  readonly externalId?: string | undefined;
  readonly statuses?: readonly SessionStatus[] | undefined;
  /** What EXPIRED is measured by. */
  readonly now: Date;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}
