import type { TestServer } from "../server/test-server.ts";

/** What the calls of the session routes give and take. */
type Reply = ReturnType<TestServer["call"]>;

/** The session routes of a test's server, as calls. */
export interface SessionCalls {
  /** A session of the task `answer`, unless the changes say otherwise. */
  create(changes?: object, headers?: Record<string, string>): Reply;
  get(session: string): Reply;
  patch(session: string, changes: unknown, headers?: Record<string, string>): Reply;
  close(session: string, given?: unknown): Reply;
}

/** @param server the server, once it has been started */
export function sessionCalls(server: () => TestServer): SessionCalls {
  return {
    create: (changes = {}, headers = {}) =>
      server().call("POST", "/api/v1/sessions", newSession(changes), headers),
    get: (session) => server().call("GET", pathOf(session)),
    patch: (session, changes, headers = {}) => server().call("PATCH", pathOf(session), changes, headers),
    close: (session, given) => server().call("POST", `${pathOf(session)}/close`, given),
  };
}

/** The body that makes a session. */
export function newSession(changes: object = {}): object {
  return {
    type: "chat",
    taskIdentifier: "answer",
    triggerConfig: { basePayload: { user: 7 } },
    ...changes,
  };
}

export function pathOf(session: string): string {
  return `/api/v1/sessions/${encodeURIComponent(session)}`;
}

let names = 0;

/** An external id that no other session of the process has. */
export function newName(): string {
  names += 1;
  return `chat/${names} ä`;
}
