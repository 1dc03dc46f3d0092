import { createServer, pgliteStorage } from "../../../server/src/index.ts";
import { configure, type RetrievedRun, runs } from "../../src/index.ts";

/** A real server in memory that jobs of this process report to. */
export interface JobServer extends AsyncDisposable {
  readonly url: string;
  readonly secretKey: string;
  /** What the server has of a run. */
  run(id: string): Promise<RetrievedRun>;
}

/**
 * Starts one, and configures this process's client for it. `heartbeatIntervalMs` stands in for the 20 s that the server
 * asks for.
 */
export async function startJobServer(options: { heartbeatIntervalMs?: number } = {}): Promise<JobServer> {
  const server = await createServer({ storage: pgliteStorage({}) });
  await server.listen({ port: 0 });
  const { url, secretKey } = server;
  const send = async (request: Request): Promise<Response> => {
    const response = await fetch(request);
    if (!request.url.endsWith("/start") || !response.ok) return response;
    return Response.json({ ...((await response.json()) as object), ...options });
  };
  configure({ baseURL: url, accessToken: secretKey, fetch: send });
  return {
    url,
    secretKey,
    run: (id) => runs.retrieve(id),
    async [Symbol.asyncDispose]() {
      configure({});
      await server.close();
    },
  };
}
