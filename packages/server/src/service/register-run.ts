import type { RunSummary } from "../storage/storage.ts";
import { initialMetadata } from "./initial-metadata.ts";
import { toPacket } from "./packet.ts";
import type { RunDependencies } from "./run-dependencies.ts";
import { newTags } from "./run-tags.ts";
import type { TriggerRefusal } from "./trigger-request.ts";

/** A run that a foreign worker or queue executes; only the id and the task must be known. */
export interface RegisterRequest {
  readonly environment: string;
  readonly id: string;
  readonly task: string;
  readonly parentId?: string | undefined;
  /** The parent's root, or the parent, unless said otherwise; not known when the parent is not. */
  readonly rootId?: string | undefined;
  readonly tags?: string | readonly string[] | undefined;
  readonly metadata?: unknown;
  readonly payload?: unknown;
  readonly payloadType?: string | undefined;
  /** After so many attempts a silent worker's run has crashed for good. */
  readonly maxAttempts?: number | undefined;
}

/** `created` is false when the run was there already; nothing was changed then. */
export type RegisterResult =
  | { readonly ok: true; readonly run: RunSummary; readonly created: boolean }
  | TriggerRefusal
  | { readonly ok: false; readonly reason: "id-taken"; readonly message: string };

/** Creates the run if it is not there. Its engine is `none`, so nothing but the worker's own calls moves it. */
export async function registerRun(request: RegisterRequest, using: RunDependencies): Promise<RegisterResult> {
  const { storage, changes, maximumSizeBytes } = using;
  const { environment, id } = request;
  const metadata = initialMetadata(request.metadata, undefined, maximumSizeBytes);
  if (!metadata.ok) return metadata;
  const tags = newTags([], request.tags);
  if (!tags.ok) return { ok: false, reason: "unprocessable", message: tags.message };

  const known = await storage.findRun(environment, id);
  if (known !== undefined) return { ok: true, run: known, created: false };
  const { parentId } = request;
  const parent = parentId === undefined ? undefined : await storage.findRun(environment, parentId);
  const [run] = await storage.insertRuns([
    {
      id,
      environment,
      task: request.task,
      engine: "none",
      status: "QUEUED",
      payload: toPacket(request.payload, request.payloadType),
      metadata: metadata.text,
      tags: tags.tags,
      // Also one that is not registered yet: without it the run would take its writes to the parent for its own.
      parentId,
      rootId: request.rootId ?? parent?.rootId ?? parent?.id,
      depth: parent === undefined ? 0 : parent.depth + 1,
      maxAttempts: request.maxAttempts,
      triggerFunction: "trigger",
    },
  ]);
  if (run !== undefined) {
    changes.publish([id]);
    return { ok: true, run, created: true };
  }
  const rival = await storage.findRun(environment, id);
  if (rival !== undefined) return { ok: true, run: rival, created: false };
  return { ok: false, reason: "id-taken", message: `Run id ${id} belongs to another environment` };
}
