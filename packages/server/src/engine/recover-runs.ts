import type { RunService } from "../service/run-service.ts";
import type { EngineName, RunRow, Storage } from "../storage/storage.ts";

/** Interruptions after which a run has crashed: it may be the run itself that takes the process down. */
const MAX_INTERRUPTIONS = 3;

/** What recovery works with. */
export interface RecoveryParts {
  readonly storage: Storage;
  readonly runs: RunService;
  readonly engine: EngineName;
  /** This process's own name; its runs are left alone. */
  readonly holder: string;
  /** Milliseconds after which a process that said nothing counts as gone. */
  readonly leaseMs: number;
}

/**
 * Gives back the runs of processes that are gone: at once where no other process can have the database open, else
 * when they have been silent for the lease. A run whose attempt had begun goes on with its next one, at most
 * {@link MAX_INTERRUPTIONS} - 1 times; the document stays as it was stored.
 */
export async function recoverRuns(parts: RecoveryParts): Promise<void> {
  const { storage, engine, holder, leaseMs } = parts;
  const silentSince = storage.exclusive ? undefined : new Date(Date.now() - leaseMs);
  const left = await storage.findSilentRuns(engine, silentSince);
  for (const run of left) if (run.holder !== holder) await giveBack(run, parts.runs);
}

async function giveBack(run: RunRow, runs: RunService): Promise<void> {
  const { environment, id, attempt, holder = "" } = run;
  const interrupted = run.status === "EXECUTING";
  const interruptions = run.interruptions + 1;
  const crash =
    interrupted && interruptions >= MAX_INTERRUPTIONS
      ? {
          name: "RunInterrupted",
          message: `The process that executed this run went away in the middle of an attempt, ${interruptions} times in all`,
        }
      : undefined;
  await runs.release({ environment, id, attempt, holder }, { interrupted, crash });
}
