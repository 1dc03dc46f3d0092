import { Command, InvalidArgumentError, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import type { EnvironmentName } from "../auth/api-key.ts";
import { runDev } from "./dev.ts";
import { runDevChild } from "./dev-child.ts";
import type { DatabaseOptions } from "./encryption-key-file.ts";
import { runKeysCreate, runKeysList, runKeysRevoke } from "./keys.ts";
import { type PruneCommandOptions, runPrune } from "./prune.ts";
import { runServe, type ServeOptions } from "./serve.ts";
import { runWorker, type WorkerCommandOptions } from "./worker.ts";

/** The command line `runmeta`. Its actions reject with errors whose message is for the user. */
export function createProgram(): Command {
  const program = new Command("runmeta")
    .description("Live metadata for background jobs: the server, its storage and its engine.")
    .version(packageJson.version)
    .showHelpAfterError("(runmeta --help tells more)");

  program
    .command("dev")
    .description("everything in one process for your own machine; loads task files again when they change")
    .argument("[tasks...]", "task files or folders (default: the config's dirs, else ./trigger)")
    .addOption(portOption())
    .addOption(dataOption())
    .addOption(concurrencyOption())
    .addOption(sizeOption())
    .addHelpText("after", CONFIG_HELP)
    .action((tasks: string[], options: DevCommandOptions) => runDev({ tasks, ...options }));

  program
    .command("serve")
    .description("the server; keys come from RUNMETA_SECRET_KEYS (several: with commas), or --secret-key")
    .argument("[tasks...]", "task files or folders for the inline engine")
    .addOption(portOption())
    .option("--host <host>", "address to listen on", "127.0.0.1")
    .addOption(dataOption())
    .addOption(databaseOption())
    .addOption(encryptionKeyOption())
    .option(
      "--secret-key <key>",
      "tr_dev_…, tr_stg_…, tr_prod_… or tr_preview_…; repeatable; ps shows it, so prefer RUNMETA_SECRET_KEYS",
      collect,
    )
    .addOption(
      new Option(
        "--engine <engine>",
        "what executes runs: inline (this process), bullmq (runmeta worker, on any machine) or none (foreign workers); default: inline where there are tasks",
      ),
    )
    .option("--dashboard", "serve the dashboard too; it asks for a secret key")
    .option(
      "--public-url <url>",
      "where browsers and clients reach this server through a proxy, for example https://runs.example.com",
    )
    .option(
      "--allowed-host <host>",
      "another name that browsers may reach the dashboard by; repeatable",
      collect,
    )
    .addOption(redisOption("of --engine bullmq; without it the queue is in --database-url"))
    .addOption(queuePrefixOption())
    .addOption(queueSchemaOption())
    .addOption(
      new Option(
        "--lease <seconds>",
        "of --engine bullmq: a worker that is silent for so long loses its runs (default: 60)",
      ).argParser(wholeNumber(10, 86_400)),
    )
    .addOption(concurrencyOption())
    .addOption(sizeOption())
    .option(
      "--retention <duration>",
      "delete runs that ended so long ago, and what belongs to them, for example 30d (default: keep everything)",
    )
    .addHelpText("after", CONFIG_HELP)
    .action((tasks: string[], options: Omit<ServeOptions, "tasks">) => runServe({ tasks, ...options }));

  program
    .command("worker")
    .description("executes runs of a server with --engine bullmq; its key comes from TRIGGER_SECRET_KEY")
    .argument("[tasks...]", "task files or folders (default: the config's dirs, else ./trigger)")
    .option("--api-url <url>", "the server (default: TRIGGER_API_URL)")
    .addOption(redisOption("as the server has it"))
    .addOption(queuePrefixOption())
    .option("--database-url <url>", "the queue in PostgreSQL instead, as the server has it")
    .addOption(queueSchemaOption())
    .addOption(concurrencyOption())
    .addHelpText("after", CONFIG_HELP)
    .action((tasks: string[], options: Omit<WorkerCommandOptions, "tasks">) =>
      runWorker({ tasks, ...options }),
    );

  const keys = program
    .command("keys")
    .description("secret keys in the database, encrypted with RUNMETA_ENCRYPTION_KEY");
  keys
    .command("create")
    .description("make a key and print it, once")
    .addOption(
      new Option("--env <environment>", "the environment that it opens")
        .choices(["dev", "stg", "prod", "preview"])
        .makeOptionMandatory(),
    )
    .option("--read-only", "it reads everything of the environment and changes nothing")
    .addOption(dataOption())
    .addOption(databaseOption())
    .addOption(encryptionKeyOption())
    .action((options: DatabaseOptions & { env: EnvironmentName; readOnly?: boolean }) =>
      runKeysCreate(options),
    );
  keys
    .command("list")
    .description("show all keys, without their text")
    .addOption(dataOption())
    .addOption(databaseOption())
    .action((options: DatabaseOptions) => runKeysList(options));
  keys
    .command("revoke")
    .description("refuse a key, and every token it signed, from 5 seconds on")
    .argument("<id>", "as keys list shows it")
    .addOption(dataOption())
    .addOption(databaseOption())
    .action((id: string, options: DatabaseOptions) => runKeysRevoke(id, options));

  program
    .command("prune")
    .description(
      "delete runs that ended long ago, with everything that belongs to them; prints how much that was",
    )
    .requiredOption("--older-than <duration>", "how long ago, for example 30d, 12h or 1w2d; at least 1m")
    .addOption(dataOption())
    .addOption(databaseOption())
    .option("--dry-run", "count, and delete nothing")
    .action((options: PruneCommandOptions) => runPrune(options));

  program
    .command("dev-child", { hidden: true })
    .argument("[tasks...]")
    .addOption(portOption())
    .addOption(dataOption())
    .addOption(concurrencyOption())
    .addOption(sizeOption())
    .action((tasks: string[], options: DevCommandOptions) => runDevChild({ tasks, ...options }));

  return program;
}

interface DevCommandOptions {
  readonly port: number;
  readonly data: string;
  readonly concurrency?: number;
  readonly maxMetadataSize?: number;
}

const CONFIG_HELP = `
A runmeta.config.ts or trigger.config.ts in the working directory is loaded first.`;

function portOption(): Option {
  return new Option("--port <port>", "port to listen on; 0 takes a free one")
    .default(3030)
    .argParser(wholeNumber(0, 65_535));
}

function dataOption(): Option {
  return new Option("--data <directory>", "directory of the embedded database").default(".runmeta");
}

function databaseOption(): Option {
  return new Option("--database-url <url>", "PostgreSQL (postgres://…) instead of --data");
}

function redisOption(whose: string): Option {
  return new Option("--redis-url <url>", `the queue in Redis (redis://…), ${whose}`);
}

function queuePrefixOption(): Option {
  return new Option("--queue-prefix <text>", "in front of the queue's keys in Redis (default: runmeta)");
}

function queueSchemaOption(): Option {
  return new Option("--queue-schema <name>", "schema of the queue in PostgreSQL (default: runmeta_queue)");
}

function encryptionKeyOption(): Option {
  return new Option(
    "--encryption-key-file <file>",
    "what encrypts stored keys, if not RUNMETA_ENCRYPTION_KEY (default with --data: the file encryption-key there)",
  );
}

function concurrencyOption(): Option {
  return new Option("--concurrency <runs>", "runs executing at once (default: 100)").argParser(
    wholeNumber(1, 1_000_000),
  );
}

function sizeOption(): Option {
  return new Option(
    "--max-metadata-size <bytes>",
    "largest metadata document (default: TASK_RUN_METADATA_MAXIMUM_SIZE, else 4096)",
  ).argParser(wholeNumber(2, 2_097_152));
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
