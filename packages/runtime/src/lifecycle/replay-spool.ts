import { type Clock, systemClock } from "../clock.ts";
import type { Endpoint } from "../target/endpoint.ts";
import { createRunTarget } from "../target/run-target.ts";
import { claimSpoolFiles, type SpoolFile } from "./spool.ts";

/** How long a file waits for its run: one that never reached the server is registered by its next attempt. */
const UNKNOWN_RUN_MS = 7 * 24 * 60 * 60_000;

const replayed = new Map<string, Promise<ReplayResult>>();

export interface ReplayResult {
  /** Batches that the endpoint took. */
  readonly sent: number;
  /** Batches that it refused for good; they are lost. */
  readonly refused: number;
  /** Batches that are back in the folder, for the next start. */
  readonly kept: number;
  /** Runs of which something was sent. */
  readonly runIds: ReadonlySet<string>;
}

/**
 * Sends what an earlier process left in the spool folder, with the same batch keys, so that an endpoint which
 * deduplicates applies each once however often a replay is interrupted. Once a process and folder.
 * Rejects when the folder cannot be used.
 */
export function replaySpool(
  directory: string,
  endpoint: Endpoint,
  options: { clock?: Clock | undefined; requestTimeoutMs?: number } = {},
): Promise<ReplayResult> {
  const running = replayed.get(directory) ?? replay(directory, endpoint, options);
  replayed.set(directory, running);
  return running;
}

async function replay(
  directory: string,
  endpoint: Endpoint,
  {
    clock = systemClock,
    requestTimeoutMs = 10_000,
  }: { clock?: Clock | undefined; requestTimeoutMs?: number },
): Promise<ReplayResult> {
  const total = { sent: 0, refused: 0, kept: 0, runIds: new Set<string>() };
  let reachable = true;
  for (const { file, ageMs, done, giveBack } of claimSpoolFiles(directory)) {
    // Where one does not get through, the others would each wait in vain.
    const end: SendEnd = reachable
      ? await sendAll(file, endpoint, clock, requestTimeoutMs, total)
      : { left: file.batches.length, unknownRun: false };
    if (end.unknownRun && ageMs > UNKNOWN_RUN_MS) {
      total.refused += end.left;
      done();
      continue;
    }
    reachable &&= end.left === 0 || end.unknownRun;
    total.kept += end.left;
    if (end.left > 0) giveBack();
    else done();
  }
  return total;
}

/** How far a file got. */
interface SendEnd {
  /** Batches that were not sent. */
  readonly left: number;
  /** Because the endpoint does not know the run. */
  readonly unknownRun: boolean;
}

/** In order; a batch that does not get through holds up the ones after it. */
async function sendAll(
  file: SpoolFile,
  endpoint: Endpoint,
  clock: Clock,
  timeoutMs: number,
  total: { sent: number; refused: number; runIds: Set<string> },
): Promise<SendEnd> {
  const target = createRunTarget({
    runId: file.runId,
    endpoint: () => endpoint,
    clock,
    limitBytes: 1_000_000,
  });
  const { signal } = new AbortController();
  for (const [index, batch] of file.batches.entries()) {
    const result = await target.send(batch, { timeoutMs, signal });
    if (result.kind === "acknowledged") {
      total.sent += 1;
      total.runIds.add(file.runId);
    } else if (result.kind === "refused" && result.status !== 404) {
      total.refused += 1;
    } else {
      return { left: file.batches.length - index, unknownRun: result.kind === "refused" };
    }
  }
  return { left: 0, unknownRun: false };
}
