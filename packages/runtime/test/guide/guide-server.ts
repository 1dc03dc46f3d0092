import { createServer, inlineEngine, pgliteStorage } from "../../../server/src/index.ts";
import { configure, type RetrievedRun, runs, type Task, type TriggerOptions } from "../../src/index.ts";

/** A request of this process, as it went out. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
}

/** A real server that executes this process's tasks, and a client that is configured for it. */
export interface GuideServer extends AsyncDisposable {
  readonly url: string;
  /** What the configured client sent; the engine's own requests are not among them. */
  readonly sent: SentRequest[];
  /** Triggers a run, waits for its end, and reads it back. */
  execute<P, O>(task: Task<string, P, O>, payload: P, options?: TriggerOptions): Promise<RetrievedRun<P, O>>;
}

/** Starts one in memory. */
export async function startGuideServer(): Promise<GuideServer> {
  const server = await createServer({ storage: pgliteStorage({}), engine: inlineEngine() });
  await server.listen({ port: 0 });
  const sent: SentRequest[] = [];
  configure({
    baseURL: server.url,
    accessToken: server.secretKey,
    fetch: (request) => {
      sent.push({ method: request.method, path: new URL(request.url).pathname });
      return fetch(request);
    },
  });
  return {
    url: server.url,
    sent,
    async execute(task, payload, options) {
      const { id } = await task.triggerAndWait(payload, options);
      // The handle's types: what is read back is what this task takes and gives.
      return (await runs.retrieve(id)) as never;
    },
    async [Symbol.asyncDispose]() {
      configure({});
      await server.close();
    },
  };
}
