import { isEnded } from "@runmeta/runtime/protocol";
import type { SessionChange, SessionQuery, SessionRow, Storage } from "../storage/storage.ts";
import type { Clock } from "./clock.ts";
import { type CursorPage, cutPage } from "./cursor-page.ts";
import { KeyedLock } from "./keyed-lock.ts";
import { newId, sessionIdOf } from "./new-id.ts";
import type { RunService } from "./run-service.ts";
import { type SessionTriggerConfig, sessionTrigger } from "./session-trigger.ts";
import type { TriggerRefusal } from "./trigger-request.ts";

/** What a caller asks for when it creates a session. */
export interface CreateSessionRequest {
  readonly environment: string;
  readonly externalId?: string | undefined;
  readonly type: string;
  readonly task: string;
  readonly triggerConfig: SessionTriggerConfig;
  readonly tags?: readonly string[] | undefined;
  readonly metadata?: object | undefined;
  readonly expiresAt?: Date | undefined;
  /** The same for each HTTP attempt of one call: an attempt whose reply was lost finds its session again. */
  readonly requestKey?: string | undefined;
}

/** A session with its live run, or why there is none. */
export type CreateSessionResult =
  | { readonly ok: true; readonly session: SessionRow; readonly runId: string; readonly isCached: boolean }
  | { readonly ok: false; readonly reason: "closed" | "expired" }
  | TriggerRefusal;

/** Each try but the last lost its run to another writer, or found it ended already. */
const MAX_TRIES = 5;

/** Sessions: a document that outlives the runs working on it, one at a time. */
export class SessionService {
  readonly #storage: Storage;
  readonly #runs: RunService;
  readonly #clock: Clock;
  readonly #lock = new KeyedLock();

  constructor(dependencies: { readonly storage: Storage; readonly runs: RunService; readonly clock: Clock }) {
    this.#storage = dependencies.storage;
    this.#runs = dependencies.runs;
    this.#clock = dependencies.clock;
  }

  /**
   * Creates a session and triggers its first run. An external id that exists gives that session: tags and metadata stay,
   * the trigger configuration is taken over, and a run that has ended is followed by another one.
   */
  async create(request: CreateSessionRequest): Promise<CreateSessionResult> {
    const { environment, externalId, triggerConfig, requestKey } = request;
    const id = requestKey === undefined ? newId("session") : sessionIdOf(environment, requestKey);
    const refusal = await this.#runs.checkTrigger(
      sessionTrigger({ ...request, id }, triggerConfig, undefined),
    );
    if (refusal !== undefined) return refusal;
    return await this.#lock.run([JSON.stringify([environment, externalId ?? id])], async () => {
      const config = JSON.stringify(triggerConfig);
      const stored = await this.#storage.insertSession({
        id,
        environment,
        externalId,
        type: request.type,
        task: request.task,
        triggerConfig: config,
        tags: request.tags ?? [],
        metadata: request.metadata === undefined ? undefined : JSON.stringify(request.metadata),
        expiresAt: request.expiresAt,
      });
      const isCached = stored.id !== id;
      if (stored.closedAt !== undefined) return { ok: false, reason: "closed" };
      if (stored.expiresAt !== undefined && stored.expiresAt <= this.#clock.now()) {
        return { ok: false, reason: "expired" };
      }
      const session = isCached
        ? await this.#storage.updateSession(environment, stored.id, { triggerConfig: config })
        : stored;
      return await this.#withLiveRun(session ?? stored, triggerConfig, isCached);
    });
  }

  /** By id (`session_…`) or external id; undefined when this environment has none. */
  async find(environment: string, name: string): Promise<SessionRow | undefined> {
    return await this.#storage.findSession(environment, name);
  }

  /** A page of sessions; `query.limit` is its size. */
  async list(query: SessionQuery): Promise<CursorPage<SessionRow, string>> {
    const found = await this.#storage.listSessions({ ...query, limit: query.limit + 1 });
    return cutPage(found, query, (session) => session.id);
  }

  /** Changes what is named, also of a closed session. Of two at once the last one wins. */
  async update(session: SessionRow, change: SessionChange): Promise<SessionRow | undefined> {
    return await this.#storage.updateSession(session.environment, session.id, change);
  }

  /** Closes a session for good. The first close wins; its run goes on until it ends by itself. */
  async close(session: SessionRow, reason: string | undefined): Promise<SessionRow | undefined> {
    const { environment, id } = session;
    const closed = await this.#storage.closeSession(environment, id, reason);
    return closed ?? (await this.#storage.findSession(environment, id));
  }

  /** The session with a run that has not ended, triggered if need be. */
  async #withLiveRun(
    found: SessionRow,
    config: SessionTriggerConfig,
    isCached: boolean,
  ): Promise<CreateSessionResult> {
    const { environment, id } = found;
    let session = found;
    for (let tries = 1; ; tries += 1) {
      const previousRunId = session.currentRunId;
      if (previousRunId !== undefined) {
        const current = await this.#runs.find(environment, previousRunId);
        // A task that fails at once would otherwise be started for ever.
        const enough = tries === MAX_TRIES;
        if (enough || (current !== undefined && !isEnded(current.status))) {
          return { ok: true, session, runId: previousRunId, isCached };
        }
      }
      const triggered = await this.#runs.trigger(sessionTrigger(session, config, previousRunId));
      if (!triggered.ok) return triggered;
      const runId = triggered.run.id;
      const claimed = await this.#storage.setSessionRun(environment, id, { runId, previousRunId });
      if (claimed !== undefined) return { ok: true, session: claimed, runId, isCached };
      // Another server has given it a run, or closed it.
      await this.#runs.cancel(environment, runId);
      const now = await this.#storage.findSession(environment, id);
      if (now === undefined || now.closedAt !== undefined) return { ok: false, reason: "closed" };
      session = now;
    }
  }
}
