import { requireApiClient } from "../client/configure.ts";
import { pathSegment } from "../client/path-segment.ts";
import { recordPath } from "../client/records.ts";
import { type RecordsApi, recordsClient } from "../client/records-api.ts";
import { MAX_BODY_BYTES, MAX_SESSION_DOCUMENT_BYTES } from "../protocol/limits.ts";
import { createReplaceTarget } from "../target/replace-target.ts";
import { createRunTarget } from "../target/run-target.ts";
import { followConfiguration } from "./follow-configuration.ts";
import type { TargetFor } from "./run-options.ts";

/**
 * Keeps the document of a run that exists at the configured API already, and that somebody else starts and completes:
 * `withRun({ id: "run_…", target: runTarget() }, …)`. What is stored there is read first.
 * @throws ConfigError when no API is configured
 */
export function runTarget(): TargetFor {
  const first = requireApiClient();
  return (run) => createRunTarget({ ...run, ...followConfiguration(first) });
}

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
      limitBytes: MAX_SESSION_DOCUMENT_BYTES,
      ...followConfiguration(first),
    });
}

/** What is around the document in the body that replaces it: `{"metadata":…}`. */
const ENVELOPE_BYTES = 13;

/**
 * Keeps the run's document as a record's metadata: `withRun({ target: recordTarget("rec_1") }, …)` goes on with what the
 * record has, and each flush replaces it whole (`PUT /v1/records/{id}`; name, type and messages stay). For one writer at
 * a time: of two, the last one wins. At most 2,097,139 bytes of JSON. The run itself is not registered anywhere, and the
 * record must be there already.
 *
 * @param api a Runtype-shaped API; needs to know only `GET` and `PUT` of a record. @default the configured API
 * @throws ConfigError when no API is given or configured, or for an id, a base URL or a key that cannot be one
 */
export function recordTarget(id: string, api?: RecordsApi): TargetFor {
  const path = recordPath(id);
  const first = api === undefined ? requireApiClient() : recordsClient(api);
  return ({ clock }) =>
    createReplaceTarget({
      path,
      method: "PUT",
      clock,
      limitBytes: MAX_BODY_BYTES - ENVELOPE_BYTES,
      ...(api === undefined ? followConfiguration(first) : { endpoint: () => first }),
    });
}
