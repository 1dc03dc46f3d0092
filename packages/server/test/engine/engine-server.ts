import { configure } from "@runmeta/runtime";
import type { InlineEngineOptions } from "../../src/engine/inline-engine.ts";
import { createServer, inlineEngine, type RunmetaServer, type ServerOptions } from "../../src/index.ts";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import type { RunRow } from "../../src/storage/storage.ts";

/** The key of the tests' servers; its environment is not `dev`, so retries are on in any case. */
export const KEY = "tr_prod_engine-tests";

/** A server that executes runs, with `configure` pointing to it. */
export interface EngineServer extends AsyncDisposable {
  readonly server: RunmetaServer;
  readonly errors: unknown[];
  /** The run once it has ended. */
  ended(id: string): Promise<RunRow>;
  document(id: string): Promise<Record<string, unknown>>;
}

/** Starts one on an in-memory database. */
export async function startEngineServer(
  options: ServerOptions & { inline?: InlineEngineOptions } = {},
): Promise<EngineServer> {
  const { inline, ...rest } = options;
  const errors: unknown[] = [];
  const server = await createServer({
    storage: pgliteStorage({}),
    engine: inlineEngine(inline),
    secretKeys: [KEY],
    onError: (error) => errors.push(error),
    ...rest,
  });
  configure({ baseURL: "http://localhost", accessToken: KEY, fetch: (request) => server.fetch(request) });
  return {
    server,
    errors,
    async ended(id) {
      const run = await server.runs.waitForEnd("prod", id, 20_000);
      if (run === undefined) throw new Error(`no run ${id}`);
      return run;
    },
    async document(id) {
      const run = await server.runs.find("prod", id);
      return JSON.parse(run?.metadata ?? "null") as Record<string, unknown>;
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

let names = 0;

/** A task id that no other test of the process uses: tasks are registered for the process. */
export function taskId(name: string): string {
  names += 1;
  return `${name}-${names}`;
}

/** A promise that the test resolves. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
