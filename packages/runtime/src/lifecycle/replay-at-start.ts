import type { Clock } from "../clock.ts";
import type { Endpoint } from "../target/endpoint.ts";
import { replaySpool } from "./replay-spool.ts";

/** A server that does not answer must not hold up the job. */
const AT_MOST_MS = 2_000;

/** How the replay of the spool folder went, as far as a starting run is concerned. */
export interface ReplayAtStart {
  /** What went wrong, if anything did. */
  readonly problem: string | undefined;
  /** Writes of this very run were sent: what was read of its document before is out of date. */
  readonly changed: boolean;
}

/**
 * Sends what earlier processes left, before a run writes anything newer. Takes two seconds at most, or `atMostMs`; the rest
 * goes on meanwhile.
 */
export async function replayAtStart(
  runId: string,
  directory: string | undefined,
  endpoint: Endpoint,
  clock: Clock,
  atMostMs = AT_MOST_MS,
): Promise<ReplayAtStart> {
  if (directory === undefined) return { problem: undefined, changed: false };
  const replay = replaySpool(directory, endpoint, { clock, requestTimeoutMs: AT_MOST_MS }).then(
    ({ refused, runIds }) => ({
      problem:
        refused === 0
          ? undefined
          : `${refused} batches that an earlier process left were refused and are lost`,
      changed: runIds.has(runId),
    }),
    (error: unknown) => ({
      problem: `What earlier processes left in ${directory} cannot be sent: ${String(error)}`,
      changed: false,
    }),
  );
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve({ problem: undefined, changed: false }), atMostMs, {
      keepAlive: true,
    });
    void replay.then((result) => {
      timer.cancel();
      resolve(result);
    });
  });
}
