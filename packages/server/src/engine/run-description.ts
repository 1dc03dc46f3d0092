import type { JsonObject } from "@runmeta/runtime/protocol";
import {
  currentConfig,
  effectiveRetry,
  type RunDescription,
  type TaskDefinition,
} from "@runmeta/runtime/worker";
import { shownIdempotencyKey } from "../service/run-view.ts";
import type { StartedRun } from "./attempt-reports.ts";

const ENVIRONMENT_TYPES = {
  dev: "DEVELOPMENT",
  stg: "STAGING",
  prod: "PRODUCTION",
  preview: "PREVIEW",
} as const;

/** A run whose attempt has begun, as the task sees it. */
export function describeRun(run: StartedRun, task: TaskDefinition): RunDescription {
  return {
    id: run.id,
    attempt: run.attempt,
    payload: run.payload,
    // Only documents that passed the metadata rules are stored.
    metadata: JSON.parse(run.metadata) as JsonObject,
    initialMetadata: JSON.parse(run.initialMetadata) as JsonObject,
    tags: run.tags,
    parentId: run.parentId,
    rootId: run.rootId,
    batchId: run.batchId,
    idempotencyKey: shownIdempotencyKey(run),
    maxAttempts: maxAttempts(run, task),
    maxDuration: run.maxDurationSeconds,
    isTest: run.isTest,
    queue: run.queue,
    priority: run.priority,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    environment: {
      id: `env_${run.environment}`,
      slug: run.environment,
      type: isEnvironment(run.environment) ? ENVIRONMENT_TYPES[run.environment] : "DEVELOPMENT",
    },
  };
}

/** An attempt that was interrupted spent a number, but it is not the task's fault. */
function maxAttempts(run: StartedRun, task: TaskDefinition): number | undefined {
  const retry = effectiveRetry(task.settings.retry ?? currentConfig()?.retries?.default, run.maxAttempts);
  return retry === undefined ? undefined : retry.maxAttempts + run.interruptions;
}

function isEnvironment(name: string): name is keyof typeof ENVIRONMENT_TYPES {
  return Object.hasOwn(ENVIRONMENT_TYPES, name);
}
