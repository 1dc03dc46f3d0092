import { execFile } from "node:child_process";
import { chown, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Where Debian and its relatives put the programs of each version. */
const INSTALLED = "/usr/lib/postgresql";

/** A PostgreSQL server of one test's own, which it may stop and crash as it likes. */
export interface PostgresCluster extends AsyncDisposable {
  readonly connectionString: string;
  /** `immediate` is a crash: nothing is written down, the next start recovers. */
  stop(mode: "fast" | "immediate"): Promise<void>;
  start(): Promise<void>;
}

/** The folder of the newest `initdb` and `pg_ctl`; undefined where there are none. */
export async function postgresPrograms(): Promise<string | undefined> {
  const versions = await readdir(INSTALLED).catch(() => []);
  const newest = versions
    .map(Number)
    .filter(Number.isInteger)
    .sort((a, b) => b - a)[0];
  return newest === undefined ? undefined : join(INSTALLED, `${newest}`, "bin");
}

/** Makes and starts one in a temporary folder, on a free port of loopback. */
export async function postgresCluster(programs: string): Promise<PostgresCluster> {
  const folder = await mkdtemp(join(tmpdir(), "runmeta-postgres-"));
  const user = await unprivilegedUser();
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const port = await freePort();
  const call = (program: string, args: readonly string[]) =>
    run(join(programs, program), [...args], { cwd: folder, ...user });
  const settings = `-p ${port} -h 127.0.0.1 -k ${folder}`;
  const cluster: PostgresCluster = {
    connectionString: `postgres://owner@127.0.0.1:${port}/postgres`,
    async start() {
      await call("pg_ctl", ["start", "-w", "-D", data, "-l", join(folder, "log"), "-o", settings]);
    },
    async stop(mode) {
      await call("pg_ctl", ["stop", "-w", "-D", data, "-m", mode]);
    },
    async [Symbol.asyncDispose]() {
      // It may be stopped already.
      await cluster.stop("immediate").catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
  await call("initdb", ["-D", data, "-U", "owner", "-A", "trust", "--no-sync", "--no-instructions"]);
  await cluster.start();
  return cluster;
}

/** PostgreSQL refuses to run as root: then it is started as the user that the system has for it. */
async function unprivilegedUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(await readFile("/etc/passwd", "utf8"));
  if (line === null) throw new Error("running as root, and there is no user postgres");
  return { uid: Number(line[1]), gid: Number(line[2]) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
