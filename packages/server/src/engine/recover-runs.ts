import type { RunService } from "../service/run-service.ts";
import type { EngineName, RunRow, Storage } from "../storage/storage.ts";

/** Interruptions after which a run has crashed: it may be the run itself that takes the process down. */
const MAX_INTERRUPTIONS = 3;

/** What recovery works with. */
export interface RecoveryParts {
  readonly storage: Storage;
  readonly runs: RunService;
  readonly engine: EngineName;
  /** This process's own name, where it executes runs itself; those are left alone. */
  readonly holder: string | undefined;
  /** Who said nothing since then counts as gone; undefined: everybody. */
  readonly silentSince: Date | undefined;
}

/**
 * Gives back the runs of processes that are gone. A run whose attempt had begun goes on with its next one, at most
 * {@link MAX_INTERRUPTIONS} - 1 times; the document stays as it was stored.
 */
export async function recoverRuns(parts: RecoveryParts): Promise<void> {
  const { storage, engine, holder, silentSince } = parts;
  const left = await storage.findSilentRuns(engine, silentSince);
  for (const run of left) if (run.holder !== holder) await giveBack(run, parts.runs);
}

async function giveBack(run: RunRow, runs: RunService): Promise<void> {
  const { environment, id, attempt, holder = "" } = run;
  const interrupted = run.status === "EXECUTING" || run.status === "WAITING";
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
