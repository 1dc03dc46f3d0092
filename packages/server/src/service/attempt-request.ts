import type { RunStatus } from "@runmeta/runtime/protocol";
import type { Packet, RunFailure, RunRow } from "../storage/storage.ts";

/** Which attempt of which run a worker speaks for. */
export interface AttemptReference {
  readonly environment: string;
  readonly id: string;
  /** From 1. */
  readonly attempt?: number | undefined;
  /** The worker's own name for itself, unique to one process or one execution; how a repeated call is told from a rival's. */
  readonly holder?: string | undefined;
}

/** How an attempt ended. */
export type AttemptOutcome =
  | { readonly ok: true; readonly output: Packet | undefined }
  | {
      readonly ok: false;
      readonly error: RunFailure;
      /** FAILED unless said otherwise. */
      readonly status?:
        | Extract<RunStatus, "FAILED" | "CRASHED" | "SYSTEM_FAILURE" | "TIMED_OUT" | "CANCELED">
        | undefined;
      /** Given when another attempt follows: the run waits so long and is open again. */
      readonly retryAfterMs?: number | undefined;
    };

/** What became of a worker's call. */
export type AttemptResult =
  | { readonly status: "done"; readonly run: RunRow }
  | { readonly status: "not-found" }
  | {
      readonly status: "conflict";
      readonly code:
        | "run_ended"
        | "attempt_taken"
        | "attempt_running"
        | "attempt_out_of_order"
        | "run_delayed"
        | "queue_full";
      readonly message: string;
      /** How a run has ended that was to be started or reported on. */
      readonly endedAs?: RunStatus | undefined;
      /** When asking again may help. */
      readonly retryAfterMs?: number | undefined;
    };
