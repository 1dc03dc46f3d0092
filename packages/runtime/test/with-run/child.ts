import { metadata, runTarget, withRun } from "../../src/index.ts";

/** A process whose end is tested: `child.ts <how it ends> [spool directory]`. */
const [, , mode = "", spoolDirectory] = process.argv;
const say = (text: string) => void process.stdout.write(`${text}\n`);

const options = {
  id: "run_child",
  target: runTarget(),
  flush: { debounceMs: 60_000, maxWaitMs: 60_000, drainTimeoutMs: 20_000, spoolDirectory },
  onWarning: (warning: { code: string }) => say(`warning ${warning.code}`),
  onDrop: (drop: { reason: string; count: number }) => say(`drop ${drop.reason} ${drop.count}`),
};

/** Writes, and never ends; with `alive` the process does not end by itself either. */
function endless(alive: boolean, flush = options.flush, then: () => void = () => {}): void {
  void withRun({ ...options, flush }, async () => {
    metadata.set("a", 1).increment("n").append("list", "x");
    if (alive) setInterval(() => {}, 1_000);
    say("ready");
    setImmediate(then);
    await new Promise(() => {});
  });
}

switch (mode) {
  case "event loop drains":
    endless(false, { ...options.flush, debounceMs: 20, maxWaitMs: 20 });
    break;
  case "signal":
    endless(true);
    break;
  case "signal with a handler":
    process.on("SIGTERM", () => {
      say("user's handler");
      process.once("SIGUSR2", () => process.exit(3));
    });
    endless(true);
    break;
  case "process.exit()":
    endless(true, options.flush, () => process.exit(0));
    break;
  case "uncaught throw":
    endless(true, options.flush, () => {
      throw new Error("uncaught");
    });
    break;
  case "handlers": {
    const before = process.listenerCount("exit");
    const handlers = () => `${process.listenerCount("SIGTERM")} ${process.listenerCount("exit") - before}`;
    await withRun(options, () => say(`during ${handlers()}`));
    say(`after ${handlers()}`);
    break;
  }
  case "next start":
    await withRun({ id: "run_child", flush: options.flush, onWarning: options.onWarning }, async () => {
      metadata.set("next", true);
      await metadata.flush();
    });
    break;
  default:
    throw new Error(`unknown mode ${mode}`);
}
