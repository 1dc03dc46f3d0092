/**
 * A promise that a task left behind and that fails is a line on stderr, not the end of all runs in this process. An
 * exception that nobody catches still ends it: what state it left is not known.
 */
export function surviveRejections(onError: (error: unknown) => void): void {
  process.on("unhandledRejection", onError);
}
