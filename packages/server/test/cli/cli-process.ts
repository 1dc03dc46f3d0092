import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ChildProcessUnderTest } from "../engine/child-process.ts";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url);
const NODE_MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** `runmeta` as a process of its own, from the sources. */
export class CliProcess extends ChildProcessUnderTest {
  constructor(args: readonly string[], options: { cwd: string; env?: Record<string, string> }) {
    super(MAIN, args, options);
  }

  /** Its URL, once it serves. */
  async url(): Promise<string> {
    return (await this.printed(/listening on (http:\S+)/))[1] ?? "";
  }
}

/** A folder in which task files can import the packages, as in a project that has installed them. */
export async function projectFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "runmeta-cli-"));
  await symlink(NODE_MODULES, join(path, "node_modules"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** One call of the API; gives the parsed body. */
export async function callApi(url: string, key: string, method: string, path: string, body?: unknown) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // Tests look into bodies of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: a test that misreads a body fails
  return { status: response.status, body: (await response.json()) as any };
}
