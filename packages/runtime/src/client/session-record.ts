import type { JsonObject } from "../protocol/json.ts";

/** How the runs of a session are triggered. Names and units are the official SDK's. */
export interface SessionTriggerConfig {
  /** The payload of every run, as JSON; the session's id comes on top as `sessionId`. */
  readonly basePayload: { readonly [key: string]: unknown };
  readonly machine?: string | undefined;
  readonly queue?: string | undefined;
  readonly concurrencyKey?: string | number | undefined;
  /** At most 5, each of at most 128 characters. */
  readonly tags?: readonly string[] | undefined;
  /** 1 to 10. */
  readonly maxAttempts?: number | undefined;
  /** Seconds. */
  readonly maxDuration?: number | undefined;
  readonly lockToVersion?: string | undefined;
  readonly externalDeploymentId?: string | null | undefined;
  readonly region?: string | undefined;
  /** 1 to 3600, handed to the task in its payload. */
  readonly idleTimeoutInSeconds?: number | undefined;
  /** A run expires when it has not started by then: a duration, or seconds. */
  readonly ttl?: string | number | undefined;
}

/** A session as the API shows it. */
export interface Session {
  /** `session_…` */
  readonly id: string;
  readonly externalId: string | null;
  readonly type: string;
  readonly taskIdentifier: string;
  /** Not in lists. */
  readonly triggerConfig?: SessionTriggerConfig | undefined;
  /** The run that works on it, or worked on it last. */
  readonly currentRunId?: string | null | undefined;
  readonly tags: readonly string[];
  readonly metadata: JsonObject | null;
  readonly closedAt: Date | null;
  readonly closedReason: string | null;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What `sessions.create` gives. */
export interface CreatedSession extends Session {
  /** The live run. */
  readonly runId: string;
  /** Reads and writes this session, for an hour. */
  readonly publicAccessToken: string;
  /** True when a session with this `externalId` was there. */
  readonly isCached: boolean;
}

/** A session's dates as they travel: ISO text. */
interface DateTexts {
  readonly closedAt: string | null;
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

type WithDates<Item extends DateTexts> = Omit<Item, keyof DateTexts> & Pick<Session, keyof DateTexts>;

/**
 * A session with its dates as Dates.
 * @throws RangeError naming the field that is no date
 */
export function withSessionDates<Item extends DateTexts>(item: Item): WithDates<Item> {
  return {
    ...item,
    closedAt: item.closedAt === null ? null : readDate("closedAt", item.closedAt),
    expiresAt: item.expiresAt === null ? null : readDate("expiresAt", item.expiresAt),
    createdAt: readDate("createdAt", item.createdAt),
    updatedAt: readDate("updatedAt", item.updatedAt),
  };
}

function readDate(name: keyof DateTexts, text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new RangeError(`"${name}" (not a date)`);
  return date;
}
