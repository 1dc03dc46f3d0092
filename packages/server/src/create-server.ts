import { KeyRing } from "./auth/key-ring.ts";
import { createSecretKey, parseSecretKeys } from "./auth/secret-keys.ts";
import { Dashboard } from "./dashboard/dashboard.ts";
import { ServerConfigError } from "./errors.ts";
import { type App, createApp } from "./http/app.ts";
import { Faults } from "./http/faults.ts";
import { isLoopback } from "./http/loopback.ts";
import { listenOn, type NodeListener } from "./http/node-listener.ts";
import { type ResolvedServerOptions, resolveServerOptions, type ServerOptions } from "./options.ts";
import { allRoutes } from "./routes/all-routes.ts";
import { BatchService } from "./service/batch-service.ts";
import type { Clock } from "./service/clock.ts";
import { DueRuns } from "./service/due-runs.ts";
import { MetadataHistory } from "./service/metadata-history.ts";
import { MetadataIndexer } from "./service/metadata-indexer.ts";
import { MetadataWriter } from "./service/metadata-writer.ts";
import { PacketUploads } from "./service/packet-uploads.ts";
import { RunFeed } from "./service/realtime/run-feed.ts";
import { RecordService } from "./service/record-service.ts";
import { Retention } from "./service/retention.ts";
import { RunChanges } from "./service/run-changes.ts";
import { RunService } from "./service/run-service.ts";
import { SessionService } from "./service/session-service.ts";
import { StreamService } from "./service/streams/stream-service.ts";

/** A running server: the API, its storage and its engine. */
export interface RunmetaServer {
  /** The API as a function from request to reply; mount it anywhere. Never rejects. */
  fetch(request: Request): Promise<Response>;
  /**
   * Serves the API on a socket and resolves when it does. Port 0 takes a free one.
   *
   * @throws ServerConfigError when the address cannot be used, when it listens already, or when others than this
   * machine could reach it while the only key is a generated one
   */
  listen(options?: { readonly port?: number; readonly host?: string }): Promise<void>;
  /** `http://host:port` while it listens. @throws ServerConfigError before */
  readonly url: string;
  /** The first secret key; generated when none was configured. Never in logs. */
  readonly secretKey: string;
  /**
   * A URL that signs a browser in to the dashboard with `secretKey`, once, within 15 minutes; each call gives a new one.
   * The key is not in it.
   *
   * @throws ServerConfigError without the option `dashboard`, when it does not listen, or not on a loopback host: others
   * could see the link on its way
   */
  dashboardLink(): string;
  /** Everything that can be done with runs, without HTTP. */
  readonly runs: RunService;
  /**
   * Stops: no more connections, then requests, runs and writes under way get `drainTimeoutMs`, then the storage closes.
   * Repeatable; every caller gets the same promise.
   */
  close(): Promise<void>;
}

/** Where `listen` listens unless told otherwise. */
const DEFAULT_PORT = 3030;
const DEFAULT_HOST = "127.0.0.1";

/**
 * Groups of updates that PostgreSQL commits at the same time: while it works on one, this process prepares the other. An
 * embedded database works in this thread, so there a second one would only be smaller groups.
 */
const MAX_GROUPS = 2;

/**
 * Opens the storage, starts the engine and gives the API. Nothing listens until `listen` is called.
 *
 * @throws ServerConfigError for a wrong option · StorageError when the database cannot be opened · what the engine's start throws
 * @example
 * const server = await createServer({ storage: pgliteStorage({}) });
 * await server.listen({ port: 0 });
 * console.log(server.url, server.secretKey);
 * await server.close();
 */
export async function createServer(options: ServerOptions = {}): Promise<RunmetaServer> {
  const resolved = resolveServerOptions(options, process.env);
  const configured = parseSecretKeys(resolved.secretKeys);
  const { storage, encryptionKey, clock, onError } = resolved;
  await storage.open();
  try {
    const openRing = (keys: typeof configured) =>
      KeyRing.open({ configured: keys, storage, encryptionKey, clock, onError });
    const given = await openRing(configured);
    if (given.environments.length > 0) return await startServer(resolved, given, false);
    return await startServer(resolved, await openRing(parseSecretKeys([createSecretKey("dev")])), true);
  } catch (error) {
    await storage.close().catch(resolved.onError);
    throw error;
  }
}

async function startServer(
  options: ResolvedServerOptions,
  keys: KeyRing,
  generatedKey: boolean,
): Promise<RunmetaServer> {
  const { storage, engine, clock, maximumSizeBytes, publicURL, onError } = options;
  const changes = new RunChanges(clock, storage);
  const feed = new RunFeed({ storage, changes, clock });
  const dueRuns = new DueRuns({ storage, changes, clock, dispatcher: engine, onError });
  const indexer = new MetadataIndexer({ storage, changes, clock, onError });
  const { retentionMs } = options;
  const retention =
    retentionMs === undefined ? undefined : new Retention({ storage, changes, clock, retentionMs, onError });
  const runs = new RunService({
    storage,
    dispatcher: engine,
    changes,
    clock,
    maximumSizeBytes,
    onDueAt: (at) => dueRuns.wakeAt(at),
  });
  const history = new MetadataHistory({
    storage,
    maximumSizeBytes,
    onLook: (id) => metadata.forget(id),
    onError,
  });
  const metadata: MetadataWriter = new MetadataWriter({
    storage,
    maximumSizeBytes,
    maxGroups: storage.exclusive ? 1 : MAX_GROUPS,
    onChange: (ids) => changes.publish(ids),
    onRecorded: (sizes) => history.noteSizes(sizes),
    onError,
  });
  const services = {
    runs,
    sessions: new SessionService({ storage, runs, clock }),
    records: new RecordService(storage),
    batches: new BatchService(storage, runs, clock),
    packets: new PacketUploads(storage),
    feed,
    streams: new StreamService({ storage, changes, clock }),
    metadata,
    history,
    maximumSizeBytes,
    publicURL,
  };
  const dashboard =
    options.dashboard === undefined
      ? undefined
      : new Dashboard({ ...options.dashboard, publicURL }, keys, clock);
  const faults = new Faults(onError);
  const app = createApp({
    routes: [...allRoutes(services, clock), ...(dashboard?.endpoints ?? [])],
    gate: { keys, cookie: dashboard?.cookie },
    clock,
    replyToFault: (error) => faults.reply(error),
  });
  await engine.start({
    storage,
    runs,
    fetch: (request) => app.fetch(request),
    maximumSizeBytes,
    environments: keys.environments,
    secretKey: (environment) => keys.keyOf(environment),
    onError,
  });
  dueRuns.start();
  indexer.start();
  retention?.start();
  const secretKey = keys.first?.reveal() ?? "";
  const parts = { app, clock, runs, dashboard, secretKey, generatedKey };
  return new ListeningServer(parts, async (listener) => {
    faults.expectClosedStorage();
    // Waiting clients are answered at once, so that they do not hold up the drain.
    changes.close();
    feed.close();
    await listener?.close(options.drainTimeoutMs);
    await engine.stop({ timeoutMs: options.drainTimeoutMs });
    await dueRuns.close();
    await retention?.close();
    await metadata.close();
    await history.close();
    await indexer.close();
    await storage.close();
  });
}

interface ServerParts {
  readonly app: App;
  readonly clock: Clock;
  readonly runs: RunService;
  readonly dashboard: Dashboard | undefined;
  readonly secretKey: string;
  readonly generatedKey: boolean;
}

class ListeningServer implements RunmetaServer {
  readonly runs: RunService;
  readonly secretKey: string;
  /** Handed over by itself wherever it is mounted, so it does not depend on `this`. */
  readonly fetch = (request: Request): Promise<Response> => this.#app.fetch(request);
  readonly #app: App;
  readonly #clock: Clock;
  readonly #dashboard: Dashboard | undefined;
  readonly #generatedKey: boolean;
  readonly #stop: (listener: NodeListener | undefined) => Promise<void>;
  #listener: Promise<NodeListener> | undefined;
  #url: string | undefined;
  #host: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: ServerParts, stop: (listener: NodeListener | undefined) => Promise<void>) {
    this.#app = parts.app;
    this.#clock = parts.clock;
    this.runs = parts.runs;
    this.#dashboard = parts.dashboard;
    this.secretKey = parts.secretKey;
    this.#generatedKey = parts.generatedKey;
    this.#stop = stop;
  }

  async listen(options: { readonly port?: number; readonly host?: string } = {}): Promise<void> {
    const { port = DEFAULT_PORT, host = DEFAULT_HOST } = options;
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new ServerConfigError(`Port is ${port}; it must be a whole number from 0 to 65535.`);
    }
    if (this.#generatedKey && !isLoopback(host)) {
      throw new ServerConfigError(
        `Refusing to listen on ${host} without secret keys: others could reach it. Set secretKeys, or listen on 127.0.0.1.`,
      );
    }
    if (this.#closing !== undefined)
      throw new ServerConfigError("This server is closed; create another one.");
    if (this.#listener !== undefined) throw new ServerConfigError("This server listens already.");
    this.#listener = listenOn(this.#app, { port, host, clock: this.#clock });
    try {
      this.#url = (await this.#listener).url;
      this.#host = host;
      this.#dashboard?.site.allowHost(host);
    } catch (error) {
      this.#listener = undefined;
      throw error;
    }
  }

  get url(): string {
    if (this.#url === undefined)
      throw new ServerConfigError("This server does not listen; call listen() first.");
    return this.#url;
  }

  dashboardLink(): string {
    if (this.#dashboard === undefined)
      throw new ServerConfigError("This server has no dashboard; create it with the option dashboard: true.");
    const { url } = this;
    if (this.#host === undefined || !isLoopback(this.#host))
      throw new ServerConfigError(
        `There are no sign-in links on ${this.#host}: others could see them on their way. Sign in with a secret key.`,
      );
    const path = this.#dashboard.linkPath();
    if (path === undefined)
      throw new ServerConfigError("All keys of this server are read-only; sign in with one.");
    return url + path;
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeOnce();
    return this.#closing;
  }

  async #closeOnce(): Promise<void> {
    const listener = await this.#listener?.catch(() => undefined);
    await this.#stop(listener);
  }
}
