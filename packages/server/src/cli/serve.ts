import { parseSecretKeys } from "../auth/secret-keys.ts";
import { createServer } from "../create-server.ts";
import { bullmqEngine } from "../engine/bullmq-engine.ts";
import type { Engine } from "../engine/engine.ts";
import { inlineEngine } from "../engine/inline-engine.ts";
import { noEngine } from "../engine/no-engine.ts";
import type { Storage } from "../storage/storage.ts";
import { storageOf } from "./database-of.ts";
import { readEncryptionKey } from "./encryption-key-file.ts";
import { CliError } from "./explain.ts";
import { type LoadedTasks, loadTasks } from "./load-tasks.ts";
import { faultReporter } from "./report-fault.ts";
import { readSecretKeyFile } from "./secret-key-file.ts";
import { surviveRejections } from "./survive-rejections.ts";
import { untilToldToStop } from "./until-told-to-stop.ts";

/** The options of `runmeta serve`. */
export interface ServeOptions {
  readonly tasks: readonly string[];
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly databaseUrl?: string;
  readonly encryptionKeyFile?: string;
  readonly secretKey?: readonly string[];
  readonly engine?: string;
  readonly redisUrl?: string;
  readonly dashboard?: boolean;
  readonly publicUrl?: string;
  readonly allowedHost?: readonly string[];
  readonly queuePrefix?: string;
  readonly queueSchema?: string;
  readonly lease?: number;
  readonly concurrency?: number;
  readonly maxMetadataSize?: number;
  readonly retention?: string;
}

/** `runmeta serve`: serves until SIGTERM or SIGINT, then drains. Never prints a key. */
export async function runServe(options: ServeOptions): Promise<void> {
  const stop = untilToldToStop({ child: false });
  requireKnownEngine(options);
  const loaded = await tasksFor(options);
  const onError = faultReporter();
  surviveRejections();
  const storage = storageOf(options);
  const encryptionKey = await readEncryptionKey(options, false);
  const { keys, origin } = await secretKeys(options, storage, encryptionKey !== undefined);
  const server = await createServer({
    storage,
    encryptionKey,
    engine: engineOf(options, loaded),
    secretKeys: keys,
    maximumSize: options.maxMetadataSize,
    retention: options.retention,
    dashboard: options.dashboard,
    publicURL: options.publicUrl,
    allowedHosts: options.allowedHost,
    onError,
  });
  try {
    await server.listen({ port: options.port, host: options.host });
  } catch (error) {
    await server.close();
    throw error;
  }
  const engine =
    loaded === undefined ? (options.engine ?? "none") : `inline, tasks: ${loaded.tasks.join(", ")}`;
  process.stdout.write(`listening on ${server.url}\nengine: ${engine}\nkeys: ${origin}\n`);
  if (options.dashboard === true) process.stdout.write(`dashboard ${options.publicUrl ?? server.url}\n`);
  await stop;
  await server.close();
  process.exit(0);
}

function requireKnownEngine({ engine, redisUrl, databaseUrl, tasks }: ServeOptions): void {
  if (engine !== undefined && engine !== "inline" && engine !== "none" && engine !== "bullmq")
    throw new CliError(`--engine is ${engine}; it must be inline, none or bullmq.`);
  if (redisUrl !== undefined && engine !== "bullmq")
    throw new CliError("--redis-url is for --engine bullmq; leave it out, or add that.");
  if (engine === "bullmq" && redisUrl === undefined && databaseUrl === undefined)
    throw new CliError("--engine bullmq needs a place for its queue: --redis-url, or --database-url.");
  if (engine === "none" && tasks.length > 0)
    throw new CliError("Task files are given, but --engine none executes nothing; leave one of the two out.");
  if (engine === "bullmq" && tasks.length > 0)
    throw new CliError(
      "Task files are for runmeta worker: with --engine bullmq the server executes nothing.",
    );
}

function engineOf(options: ServeOptions, loaded: LoadedTasks | undefined): Engine {
  if (options.engine === "bullmq") {
    const { redisUrl, databaseUrl, queuePrefix: prefix, queueSchema: schema } = options;
    const leaseMs = options.lease === undefined ? undefined : options.lease * 1000;
    return bullmqEngine({
      leaseMs,
      ...(redisUrl === undefined ? { databaseUrl, schema } : { redisUrl, prefix }),
    });
  }
  return loaded === undefined ? noEngine() : inlineEngine({ concurrency: options.concurrency });
}

/** What the inline engine executes; undefined: nothing does. */
async function tasksFor({ engine, tasks }: ServeOptions): Promise<LoadedTasks | undefined> {
  if (engine === "none" || engine === "bullmq") return undefined;
  const loaded = await loadTasks(tasks, process.cwd());
  if (loaded.tasks.length > 0) return loaded;
  if (engine === undefined && tasks.length === 0) return undefined;
  throw new CliError(
    loaded.files.length === 0
      ? "There are no task files: name them, or put them in ./trigger, or start with --engine none."
      : `No task is defined in ${loaded.files.join(", ")}: export what task({ … }) gives.`,
  );
}

/** The keys that are given, and where all keys are from. Stored ones count where they can be decrypted. */
async function secretKeys(
  options: ServeOptions,
  storage: Storage,
  decrypts: boolean,
): Promise<{ keys: readonly string[]; origin: string }> {
  const named = (process.env.RUNMETA_SECRET_KEYS ?? "").split(/[\s,]+/).filter((key) => key !== "");
  const keys = [...new Set([...(options.secretKey ?? []), ...named])];
  parseSecretKeys(keys);
  const stored = decrypts ? await countStoredKeys(storage) : 0;
  if (keys.length + stored > 0) return { keys, origin: `${keys.length} given, ${stored} stored` };
  if (options.databaseUrl !== undefined || !["127.0.0.1", "localhost", "::1"].includes(options.host)) {
    await storage.close();
    throw new CliError(
      "There is no secret key: set RUNMETA_SECRET_KEYS (tr_prod_… and so on), give --secret-key, or make one with runmeta keys create.",
    );
  }
  const { key, path } = await readSecretKeyFile(options.data);
  return { keys: [key], origin: `in ${path}` };
}

async function countStoredKeys(storage: Storage): Promise<number> {
  await storage.open();
  return (await storage.listApiKeys()).filter((key) => key.revokedAt === undefined).length;
}
