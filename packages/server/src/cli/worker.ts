import { createWorker } from "../worker/create-worker.ts";
import { CliError } from "./explain.ts";
import { loadTasks } from "./load-tasks.ts";
import { faultReporter } from "./report-fault.ts";
import { surviveRejections } from "./survive-rejections.ts";
import { untilToldToStop } from "./until-told-to-stop.ts";
import { workerReport } from "./worker-report.ts";

/** The options of `runmeta worker`. */
export interface WorkerCommandOptions {
  readonly tasks: readonly string[];
  readonly apiUrl?: string;
  readonly redisUrl?: string;
  readonly queuePrefix?: string;
  readonly databaseUrl?: string;
  readonly queueSchema?: string;
  readonly concurrency?: number;
}

/** `runmeta worker`: executes runs until SIGTERM or SIGINT, then finishes or hands back what it holds. */
export async function runWorker(options: WorkerCommandOptions): Promise<void> {
  const stop = untilToldToStop({ child: false });
  const apiUrl = options.apiUrl ?? process.env.TRIGGER_API_URL;
  const secretKey = process.env.TRIGGER_SECRET_KEY;
  if (apiUrl === undefined || apiUrl === "")
    throw new CliError("Where is the server? Give --api-url, or set TRIGGER_API_URL.");
  if (secretKey === undefined || secretKey === "")
    throw new CliError(
      "There is no secret key: set TRIGGER_SECRET_KEY to one of the server's (tr_prod_… and so on).",
    );
  const loaded = await loadTasks(options.tasks, process.cwd());
  if (loaded.files.length === 0)
    throw new CliError(
      "There are no task files: name them (runmeta worker tasks.ts), or put them in ./trigger.",
    );
  surviveRejections();
  const report = workerReport(process.stdout);
  const onError = faultReporter();
  const starting = createWorker({
    apiUrl,
    secretKey,
    redisUrl: options.redisUrl,
    prefix: options.queuePrefix,
    databaseUrl: options.databaseUrl,
    schema: options.queueSchema,
    concurrency: options.concurrency,
    onAttemptEnd: (end) => report.ended(end),
    onError,
  });
  // It waits for a server that is not there yet; there is nothing to hand back then.
  const worker = await Promise.race([starting, stop]);
  if (worker === undefined) process.exit(0);
  report.start(worker);
  await stop;
  report.stopping();
  await worker.close();
  report.close();
  process.exit(0);
}
