/**
 * A promise that a task left behind and that fails is a message on stderr, not the end of all runs in this process. An
 * exception that nobody catches still ends it: what state it left is not known.
 */
export function surviveRejections(): void {
  process.on("unhandledRejection", (reason) => {
    // Code of the user's: the stack says where.
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    process.stderr.write(`runmeta: a promise failed that nobody awaits: ${text}\n`);
  });
}
