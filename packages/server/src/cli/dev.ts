import { resolve } from "node:path";
import type { DevOptions } from "./dev-options.ts";
import { DevProcess } from "./dev-process.ts";
import { readSecretKeyFile } from "./secret-key-file.ts";
import { untilToldToStop } from "./until-told-to-stop.ts";
import { watchFiles } from "./watch-files.ts";

/** After a crash of the process with the tasks. */
const RESTART_DELAY_MS = 1_000;

/**
 * `runmeta dev`: keeps a process with tasks, engine and server running, and replaces it when files change. Runs
 * survive that: they are in the database.
 */
export async function runDev(options: DevOptions): Promise<void> {
  const stop = untilToldToStop({ child: false });
  let current = DevProcess.start(options);
  const loaded = await current.loaded;
  if (loaded === undefined) process.exit(1);
  current.go();
  const listening = await current.listening;
  if (listening === undefined) process.exit(1);
  const { url } = listening;
  const port = Number(new URL(url).port);
  const { key } = await readSecretKeyFile(options.data);
  print(`listening on ${url}`);
  print(`\n  TRIGGER_API_URL=${url}\n  TRIGGER_SECRET_KEY=${key}\n`);
  print(describe(loaded.tasks));
  print(`dashboard ${listening.dashboardLink}`);

  let stopping = false;
  let reloading = Promise.resolve();
  const reload = (): void => {
    reloading = reloading.then(async () => {
      if (stopping) return;
      const next = DevProcess.start({ ...options, port });
      const now = await next.loaded;
      if (now === undefined || stopping) {
        await next.stop();
        if (!stopping) print("kept the tasks as they were; change a file to try again");
        return;
      }
      await current.stop();
      current = next;
      watchCrash();
      next.go();
      const again = await next.listening;
      if (again === undefined) return;
      print(`reloaded, ${describe(now.tasks)}`);
      print(`dashboard ${again.dashboardLink}`);
    });
  };
  const watchCrash = (): void => {
    const watched = current;
    void watched.ended.then((asked) => {
      if (asked || stopping || watched !== current) return;
      print(`the process with the tasks has ended; it starts again in ${RESTART_DELAY_MS / 1000} s`);
      setTimeout(reload, RESTART_DELAY_MS);
    });
  };
  watchCrash();
  const watcher = await watchFiles(
    process.cwd(),
    { files: loaded.files, ignored: resolve(options.data) },
    reload,
  );

  await stop;
  stopping = true;
  await watcher.close();
  await reloading;
  await current.stop();
  process.exit(0);
}

function describe(tasks: readonly string[]): string {
  if (tasks.length === 0) return "no tasks (none is defined in the task files)";
  return `${tasks.length} ${tasks.length === 1 ? "task" : "tasks"}: ${tasks.join(", ")}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
