import { DEV_KEY, startTestServer } from "../../../server/test/server/test-server.ts";
import { testStorage } from "../../../server/test/server/test-storage.ts";
import { configure } from "../../src/index.ts";

/** Looks at each request to the server, may answer it itself, or lose the reply of the server. */
export type OnRequest = (request: Request, forward: () => Promise<Response>) => Promise<Response>;

export type SessionServer = Awaited<ReturnType<typeof startSessionServer>>;

/** A real server that is the configured API until it is closed. */
export async function startSessionServer() {
  const storage = testStorage();
  const api = await startTestServer({ storage });
  let onRequest: OnRequest = (_, forward) => forward();
  const requests: { readonly method: string; readonly path: string; readonly body: string }[] = [];
  configure({
    baseURL: "http://in-process",
    accessToken: DEV_KEY,
    fetch: async (request) => {
      const copy = request.clone();
      requests.push({
        method: copy.method,
        path: new URL(copy.url).pathname,
        body: await copy.text(),
      });
      return onRequest(request.clone(), () => api.server.fetch(request));
    },
  });
  let created = 0;
  return {
    api,
    requests,
    /** What happens to requests from now on. */
    intercept(next: OnRequest) {
      onRequest = next;
    },
    /** For the next test: requests are forwarded, and seen from here on. */
    reset() {
      onRequest = (_, forward) => forward();
      requests.length = 0;
    },
    /** A session with this metadata; gives its external id. */
    async session(metadata?: object): Promise<string> {
      created += 1;
      const externalId = `chat/${created}`;
      await storage.insertSession({
        id: `session_${created}`,
        environment: "dev",
        externalId,
        type: "chat",
        task: "chat",
        triggerConfig: '{"basePayload":{}}',
        tags: [],
        metadata: metadata === undefined ? undefined : JSON.stringify(metadata),
        expiresAt: undefined,
      });
      return externalId;
    },
    async read(session: string): Promise<{ readonly id: string; readonly metadata: unknown }> {
      return (await api.call("GET", `/api/v1/sessions/${encodeURIComponent(session)}`)).body;
    },
    async metadataOf(session: string): Promise<unknown> {
      return (await this.read(session)).metadata;
    },
    async close() {
      configure({});
      await api.server.close();
      if (api.errors.length > 0) throw api.errors[0];
    },
  };
}
