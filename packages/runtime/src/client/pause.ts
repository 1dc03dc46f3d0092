import type { Clock } from "../clock.ts";

/**
 * Waits on a clock. The process stays alive meanwhile: somebody awaits the call that waits here.
 * Rejects with the signal's reason as soon as it is aborted.
 */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const aborted = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(
      () => {
        signal?.removeEventListener("abort", aborted);
        resolve();
      },
      delayMs,
      { keepAlive: true },
    );
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
