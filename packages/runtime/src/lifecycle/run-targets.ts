import { requireApiClient } from "../client/configure.ts";
import { createRunTarget } from "../target/run-target.ts";
import { followConfiguration } from "./follow-configuration.ts";
import type { TargetFor } from "./with-run.ts";

/**
 * Keeps the document of a run that exists at the configured API already, and that somebody else starts and completes:
 * `withRun({ id: "run_…", target: runTarget() }, …)`. What is stored there is read first.
 * @throws ConfigError when no API is configured
 */
export function runTarget(): TargetFor {
  const first = requireApiClient();
  return (run) => createRunTarget({ ...run, ...followConfiguration(first) });
}
