import { type Clock, systemClock } from "../clock.ts";
import type { Endpoint } from "../target/endpoint.ts";
import { createRunTarget } from "../target/run-target.ts";
import { claimSpoolFiles, type SpoolFile } from "./spool.ts";

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
  for (const { file, done, giveBack } of claimSpoolFiles(directory)) {
    // Where one does not get through, the others would each wait in vain.
    const left: number = reachable
      ? await sendAll(file, endpoint, clock, requestTimeoutMs, total)
      : file.batches.length;
    reachable = left === 0;
    total.kept += left;
    if (left > 0) giveBack();
    else done();
  }
  return total;
}

/** In order; a batch that does not get through holds up the ones after it. @returns how many are left */
async function sendAll(
  file: SpoolFile,
  endpoint: Endpoint,
  clock: Clock,
  timeoutMs: number,
  total: { sent: number; refused: number; runIds: Set<string> },
): Promise<number> {
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
    } else if (result.kind === "refused") total.refused += 1;
    else return file.batches.length - index;
  }
  return 0;
}
