import type { createSessionBody } from "@runmeta/runtime/protocol/schemas";
import type { z } from "zod";
import type { TriggerRequest } from "./trigger-request.ts";

/** How the runs of a session are triggered. */
export type SessionTriggerConfig = z.output<typeof createSessionBody>["triggerConfig"];

/**
 * The trigger of a session's next run. The payload tells the run which session it is for, and a run that follows an
 * ended one that it does: what only started the first run (`message`, `messages`, `trigger`) is not said again.
 */
export function sessionTrigger(
  session: { readonly id: string; readonly environment: string; readonly task: string },
  config: SessionTriggerConfig,
  previousRunId: string | undefined,
): TriggerRequest {
  const { basePayload, idleTimeoutInSeconds, queue, tags, maxAttempts, maxDuration, ttl, concurrencyKey } =
    config;
  const { message, messages, trigger, ...lasting } = basePayload;
  const payload = {
    ...(previousRunId === undefined ? basePayload : lasting),
    ...(idleTimeoutInSeconds === undefined ? {} : { idleTimeoutInSeconds }),
    sessionId: session.id,
    ...(previousRunId === undefined ? {} : { continuation: true, previousRunId }),
  };
  return {
    environment: session.environment,
    task: session.task,
    payload,
    options: {
      queue: queue === undefined ? undefined : { name: queue },
      tags,
      maxAttempts,
      maxDuration,
      ttl,
      concurrencyKey,
    },
    // Started twice at once, or again after a crash in between: one run.
    requestKey: `${session.id}:${previousRunId ?? "first"}`,
  };
}
