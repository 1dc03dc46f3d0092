import { requireApiClient } from "../client/configure.ts";
import { pathSegment } from "../client/path-segment.ts";
import { MAX_SESSION_UPDATE_BYTES } from "../protocol/limits.ts";
import { createReplaceTarget } from "../target/replace-target.ts";
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

/** What is around the document in the body that replaces it: `{"metadata":…}`. */
const ENVELOPE_BYTES = 13;

/**
 * Keeps the run's document as a session's metadata: `withRun({ target: sessionTarget("chat-1") }, …)` goes on with what
 * the session has, and each flush replaces it whole (`PATCH /api/v1/sessions/{session}`). For one writer at a time: of
 * two, the last one wins. At most 32,755 bytes of JSON. The run itself is not registered anywhere.
 *
 * @param session a session's id (`session_…`), or the `externalId` it was created with
 * @throws ConfigError when no API is configured, or for an id that cannot be one
 */
export function sessionTarget(session: string): TargetFor {
  const first = requireApiClient();
  const path = `/api/v1/sessions/${pathSegment("the session", session)}`;
  return ({ clock }) =>
    createReplaceTarget({
      path,
      method: "PATCH",
      clock,
      limitBytes: MAX_SESSION_UPDATE_BYTES - ENVELOPE_BYTES,
      ...followConfiguration(first),
    });
}
