import { ApiError } from "../errors.ts";
import type { SendResult, Target } from "../target/target.ts";
import type { RegisteredRun } from "./registered-run.ts";

/**
 * A registered run's target: where the server could not be reached when the run began, the run is announced before its
 * first batch, or the server would refuse the batch for a run that it does not know.
 */
export function createRegisteredTarget(target: Target, registered: RegisteredRun): Target {
  return {
    ...target,
    async send(batch, options) {
      if (registered.unannounced) {
        const problem = await announce(registered);
        if (problem !== undefined) return problem;
      }
      return target.send(batch, options);
    },
  };
}

async function announce(registered: RegisteredRun): Promise<SendResult | undefined> {
  try {
    await registered.start();
  } catch (error) {
    // Somebody else runs this attempt, or the run has ended: what is written here is not wanted.
    const status = error instanceof ApiError ? error.status : 0;
    return { kind: "refused", status, message: String(error) };
  }
  if (!registered.unannounced) return undefined;
  if (registered.unauthorized !== undefined) {
    return { kind: "paused", code: "UNAUTHORIZED", message: registered.unauthorized };
  }
  return {
    kind: "retry",
    reason: "the run could not be announced",
    retryAfterMs: undefined,
    maybeApplied: false,
    deduplicates: undefined,
    cause: undefined,
  };
}
