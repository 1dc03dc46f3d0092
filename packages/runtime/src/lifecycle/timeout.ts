import { currentScope } from "../context/context-storage.ts";

/** The time limit of a run (`maxDuration`). */
export const timeout = {
  /** As `maxDuration`: no limit, where the config has one. */
  None: 2_147_483_647,

  /** The current run's signal, aborted when its time is up or it is cancelled; undefined outside a run. */
  get signal(): AbortSignal | undefined {
    return currentScope()?.signal;
  },
} as const;
