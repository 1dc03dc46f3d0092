import { createServer } from "../create-server.ts";
import { inlineEngine } from "../engine/inline-engine.ts";
import { pgliteStorage } from "../storage/pglite-storage.ts";
import { type DevChildMessage, GO } from "./dev-messages.ts";
import type { DevOptions } from "./dev-options.ts";
import { readEncryptionKey } from "./encryption-key-file.ts";
import { CliError } from "./explain.ts";
import { loadTasks } from "./load-tasks.ts";
import { faultReporter } from "./report-fault.ts";
import { readSecretKeyFile } from "./secret-key-file.ts";
import { surviveRejections } from "./survive-rejections.ts";
import { untilToldToStop } from "./until-told-to-stop.ts";

/** Runs that take longer to end at a reload are interrupted; they go on as their next attempt. */
const RELOAD_DRAIN_MS = 3_000;

/**
 * The process of `runmeta dev` that has tasks, engine and server in it, started anew for each version of the files.
 * It loads first and opens the database when its parent says so, so that files that cannot be loaded stop nothing.
 */
export async function runDevChild(options: DevOptions): Promise<void> {
  if (process.send === undefined) throw new CliError("dev-child is started by runmeta dev only.");
  const stop = untilToldToStop({ child: true });
  const go = new Promise<void>((resolve) => {
    process.on("message", (message) => {
      if (message === GO) resolve();
    });
  });
  const loaded = await loadTasks(options.tasks, process.cwd());
  if (loaded.files.length === 0)
    throw new CliError(
      "There are no task files: name them (runmeta dev tasks.ts), or put them in ./trigger.",
    );
  tell({ type: "loaded", tasks: loaded.tasks, files: loaded.files });
  if ((await Promise.race([go.then(() => "go"), stop])) !== "go") process.exit(0);
  await serve(options, stop);
  process.exit(0);
}

async function serve(options: DevOptions, stop: Promise<void>): Promise<void> {
  const onError = faultReporter();
  surviveRejections();
  const { key } = await readSecretKeyFile(options.data);
  const server = await createServer({
    storage: pgliteStorage({ directory: options.data }),
    engine: inlineEngine({ concurrency: options.concurrency }),
    secretKeys: [key],
    encryptionKey: await readEncryptionKey(options, false),
    maximumSize: options.maxMetadataSize,
    drainTimeoutMs: RELOAD_DRAIN_MS,
    onError,
    dashboard: true,
  });
  try {
    await server.listen({ port: options.port });
    tell({ type: "listening", url: server.url, dashboardLink: server.dashboardLink() });
    await stop;
  } finally {
    await server.close();
  }
}

function tell(message: DevChildMessage): void {
  process.send?.(message);
}
