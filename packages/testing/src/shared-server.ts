import type { RunmetaServer } from "@runmeta/server";

const servers = new Map<number, Promise<RunmetaServer>>();

/**
 * The real server, in memory, one for each limit in this process: starting it takes a second or two, a run on it
 * milliseconds.
 * @throws Error saying what to install when `@runmeta/server` is not there
 */
export function sharedServer(maximumSize: number): Promise<RunmetaServer> {
  const server = servers.get(maximumSize) ?? startServer(maximumSize);
  servers.set(maximumSize, server);
  return server;
}

/**
 * Closes the servers that `backend: "server"` has started in this process; the next run starts one anew. Without it
 * a process under `node --test` ends up to ten seconds later, when a timer of the database has run out.
 */
export async function closeServers(): Promise<void> {
  const started = [...servers.values()];
  servers.clear();
  for (const server of await Promise.all(started)) await server.close();
}

async function startServer(maximumSize: number): Promise<RunmetaServer> {
  const { createServer, pgliteStorage } = await loadServer();
  return createServer({ storage: pgliteStorage(), maximumSize });
}

async function loadServer(): Promise<typeof import("@runmeta/server")> {
  try {
    return await import("@runmeta/server");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    // The second one in CommonJS.
    const isMissing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
    if (!isMissing || !String(cause).includes("@runmeta/server'")) throw cause;
    throw new Error(
      'backend: "server" needs the package @runmeta/server: npm install --save-dev @runmeta/server',
      { cause },
    );
  }
}
