/** Between two tries, in milliseconds; doubles up to {@link LONGEST_PAUSE_MS}. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Repeats a change of the database until it is stored; each fault goes to `onError`. When `signal` is aborted it
 * resolves with undefined: nobody waits for the change any more, and the next start finds the run as it is.
 */
export async function untilStored<T>(
  change: () => Promise<T>,
  options: { readonly signal: AbortSignal; readonly onError: (error: unknown) => void },
): Promise<T | undefined> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await change();
    } catch (error) {
      options.onError(error);
      if (options.signal.aborted) return undefined;
    }
    await pause(pauseMs, options.signal);
  }
}

/** Waits for a time, or until `signal` is aborted. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    timer.unref();
    signal.addEventListener("abort", end, { once: true });
  });
}
