import { ApiError } from "@runmeta/runtime/worker";
import { ServerConfigError } from "../errors.ts";

/** Between two tries of a worker that starts before its server. */
const PAUSE_MS = 1_000;

/** Statuses after which the same call can succeed. */
const TRANSIENT = new Set([0, 408, 425, 429]);

/**
 * Repeats a worker's first call until the server answers: workers and servers start in any order.
 *
 * @throws ServerConfigError when the server refuses it
 */
export async function connectWorker<T>(
  call: () => Promise<T>,
  onError: (error: unknown) => void,
): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!TRANSIENT.has(error.status) && error.status < 500)
        throw new ServerConfigError(`The server refuses this worker: ${error.message}`, { cause: error });
      onError(error);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
