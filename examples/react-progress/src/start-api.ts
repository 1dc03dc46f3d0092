import { configure } from "@runmeta/runtime";
import { createServer, inlineEngine, type RunmetaServer, type Storage } from "@runmeta/server";
import "./tasks.ts"; // the engine executes what is registered

/** A runmeta server that executes this example's task, on loopback; 0 takes a free port. */
export async function startApi(options: {
  readonly storage: Storage;
  readonly port: number;
  readonly secretKeys?: readonly string[];
}): Promise<RunmetaServer> {
  const { storage, port, secretKeys } = options;
  const server = await createServer({ storage, secretKeys, engine: inlineEngine(), drainTimeoutMs: 500 });
  await server.listen({ port });
  configure({ baseURL: server.url, accessToken: server.secretKey });
  return server;
}
