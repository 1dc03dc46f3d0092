/**
 * Resolves at SIGTERM or SIGINT (or, in a child process, when its parent is gone). A second SIGINT ends the process at
 * once: somebody presses Ctrl-C again because it takes too long.
 */
export function untilToldToStop(options: { readonly child: boolean }): Promise<void> {
  return new Promise((resolve) => {
    process.on("SIGTERM", () => resolve());
    let interrupted = false;
    process.on("SIGINT", () => {
      if (interrupted && !options.child) process.exit(130);
      interrupted = true;
      resolve();
    });
    if (options.child) process.on("disconnect", () => resolve());
  });
}
