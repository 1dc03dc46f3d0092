import { createServer, pgliteStorage } from "../../../server/src/index.ts";
import { configure, type RetrievedRun, runs } from "../../src/index.ts";

/** A real server in memory that jobs of this process report to. */
export interface JobServer extends AsyncDisposable {
  readonly url: string;
  /** What the server has of a run. */
  run(id: string): Promise<RetrievedRun>;
}

/** Starts one, and configures this process's client for it. */
export async function startJobServer(): Promise<JobServer> {
  const server = await createServer({ storage: pgliteStorage({}) });
  await server.listen({ port: 0 });
  configure({ baseURL: server.url, accessToken: server.secretKey });
  return {
    url: server.url,
    run: (id) => runs.retrieve(id),
    async [Symbol.asyncDispose]() {
      configure({});
      await server.close();
    },
  };
}
