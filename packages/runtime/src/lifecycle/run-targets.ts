import { requireApiClient } from "../client/configure.ts";
import { createRunTarget } from "../target/run-target.ts";
import type { TargetFor } from "./with-run.ts";

/**
 * Keeps the document of a run that exists at the configured API already, and that somebody else starts and completes:
 * `withRun({ id: "run_…", target: runTarget() }, …)`.
 * @throws ConfigError when no API is configured
 */
export function runTarget(): TargetFor {
  let client = requireApiClient();
  let changes = 0;
  return (run) =>
    createRunTarget({
      ...run,
      endpoint: () => client,
      credentials() {
        const now = requireApiClient();
        if (!now.sameCredentials(client)) {
          client = now;
          changes += 1;
        }
        return String(changes);
      },
    });
}
