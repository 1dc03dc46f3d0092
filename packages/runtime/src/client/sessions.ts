import { MetadataValueError } from "../errors.ts";
import { copyJson } from "../protocol/copy-json.ts";
import { describeValue } from "../protocol/describe-value.ts";
import type { JsonObject } from "../protocol/json.ts";
import { MAX_SESSION_DOCUMENT_BYTES } from "../protocol/limits.ts";
import { refused } from "../refused.ts";
import type { ApiReply } from "./api-client.ts";
import { type CallOptions, callApi } from "./call-options.ts";
import { CursorPage, type CursorPagePromise, cursorPagePromise } from "./cursor-page.ts";
import { parseReply } from "./parse-reply.ts";
import { pathSegment } from "./path-segment.ts";
import {
  type CreatedSession,
  type Session,
  type SessionTriggerConfig,
  withSessionDates,
} from "./session-record.ts";
import { type SessionsFilter, sessionsQuery } from "./sessions-filter.ts";

/** What a session is created with. */
export interface CreateSession {
  /** What kind of session it is: 1 to 64 characters, your own word. */
  readonly type: string;
  /** The task whose runs work on it, one after the other. */
  readonly taskIdentifier: string;
  readonly triggerConfig: SessionTriggerConfig;
  /** Your own name for it, 1 to 256 characters, not `session_…`: the same name is the same session. */
  readonly externalId?: string | undefined;
  /** At most 10, each of at most 128 characters. */
  readonly tags?: readonly string[] | undefined;
  readonly metadata?: { readonly [key: string]: unknown } | undefined;
  /** From then on it is EXPIRED, and no run is started for it. */
  readonly expiresAt?: Date | undefined;
}

/** What changes; what is left out stays as it is. */
export interface UpdateSession {
  /** Replace all tags: at most 10, each of at most 128 characters. */
  readonly tags?: readonly string[] | undefined;
  /** Replaces the whole document; `null` clears it. */
  readonly metadata?: { readonly [key: string]: unknown } | null | undefined;
  /** Cannot be changed; anything but the session's own is refused (422). */
  readonly externalId?: string | null | undefined;
}

/** Why a session is closed. */
export interface CloseSession {
  /** At most 256 characters. */
  readonly reason?: string | undefined;
  /** The run that closes its own session. */
  readonly callingRunId?: string | undefined;
}

const PATH = "/api/v1/sessions";
const NO_CHANNELS = "there are no channels yet; share state in the session's metadata with sessionTarget";

function sessionPath(session: string, rest = ""): string {
  return `${PATH}/${pathSegment("the session", session)}${rest}`;
}

function sessionMetadata(metadata: object | null | undefined): JsonObject | null | undefined {
  if (metadata === undefined || metadata === null) return metadata;
  const copy = copyJson(metadata, undefined, MAX_SESSION_DOCUMENT_BYTES);
  if (typeof copy === "object" && copy !== null && !Array.isArray(copy)) return copy;
  throw new MetadataValueError("$", `metadata must be a plain object, got ${describeValue(metadata)}`);
}

async function callSession(
  method: "GET" | "PATCH" | "POST",
  path: string,
  body: unknown,
  options: CallOptions | undefined,
): Promise<Session> {
  const reply = await callApi(method, path, { body }, options);
  return parseReply(`${method} ${path}`, reply, (schemas) => schemas.sessionItem, readSession);
}

// The configuration is the one that was given; everything else was checked.
function readSession(item: Parameters<typeof withSessionDates>[0]): Session {
  return withSessionDates(item) as Session;
}

function readCreated(reply: ApiReply): Promise<CreatedSession> {
  return parseReply(
    `POST ${PATH}`,
    reply,
    (schemas) => schemas.createdSessionReply,
    (item) => withSessionDates(item) as CreatedSession,
  );
}

async function create(input: CreateSession, options?: CallOptions): Promise<CreatedSession> {
  const body = { ...input, metadata: sessionMetadata(input.metadata) };
  return readCreated(await callApi("POST", PATH, { body }, options));
}

async function fetchPage(
  filter: SessionsFilter,
  options: CallOptions | undefined,
): Promise<CursorPage<Session>> {
  const reply = await callApi("GET", PATH, { query: sessionsQuery(filter) }, options);
  const page = await parseReply(
    `GET ${PATH}`,
    reply,
    (schemas) => schemas.listSessionsReply,
    (body) => ({ data: body.data.map(readSession), pagination: body.pagination }),
  );
  return new CursorPage<Session>(page, (cursor) =>
    fetchPage({ ...filter, after: undefined, before: undefined, ...cursor }, options),
  );
}

/**
 * Sessions: a document that outlives the runs working on it. A session is named by its id (`session_…`) or by the
 * `externalId` it was created with. Every method throws ConfigError when no API is configured, and ApiError.
 */
export const sessions = {
  /**
   * Creates a session and triggers its first run; the official SDK calls it `start`. A session of this `externalId` that
   * exists is taken up: tags and metadata stay, and a run that has ended is followed by another one. A request that is
   * sent again after a fault creates nothing twice.
   * @throws MetadataValueError, MetadataSizeError before anything is sent; ApiError 409 when it is closed or expired, 404
   *   for a task that is not there
   *
   * @example
   * const { id, runId } = await sessions.create({
   *   type: "chat",
   *   externalId: "chat-42",
   *   taskIdentifier: "answer",
   *   triggerConfig: { basePayload: { user: 7 } },
   * });
   */
  create,

  /** The official SDK's name of {@link sessions.create}. */
  start: create,

  /** A session as it is now. */
  async retrieve(session: string, options?: CallOptions): Promise<Session> {
    return callSession("GET", sessionPath(session), undefined, options);
  },

  /**
   * Replaces a session's tags, its metadata, or both. Of two at once the last one wins: from within a run, write through
   * `sessionTarget` instead.
   * @throws MetadataValueError, MetadataSizeError before anything is sent
   */
  async update(session: string, change: UpdateSession, options?: CallOptions): Promise<Session> {
    const body = { ...change, metadata: sessionMetadata(change.metadata) };
    return callSession("PATCH", sessionPath(session), body, options);
  },

  /** Closes a session for good; the first close and its reason stay. Its run goes on until it ends by itself. */
  async close(session: string, body: CloseSession = {}, options?: CallOptions): Promise<Session> {
    return callSession("POST", sessionPath(session, "/close"), body, options);
  },

  /**
   * Sessions, newest first. Await it for a page, or iterate it for all of them, page by page.
   *
   * @example
   * for await (const session of sessions.list({ status: "ACTIVE" })) console.log(session.id);
   */
  list(filter: SessionsFilter = {}, options?: CallOptions): CursorPagePromise<Session> {
    return cursorPagePromise(fetchPage(filter, options));
  },

  /** Not supported. */
  open: refused("sessions.open", NO_CHANNELS),
  /** Not supported. */
  defineChannel: refused("sessions.defineChannel", NO_CHANNELS),
} as const;
