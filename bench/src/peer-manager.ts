import type { JsonObject } from "@runmeta/runtime/protocol";
import { StandardMetadataManager } from "@trigger.dev/core/v3/workers";

/** The official SDK's metadata manager, as a worker of theirs sets it up; nothing is sent until it flushes. */
export function peerManager(document: JsonObject): StandardMetadataManager {
  const manager = new StandardMetadataManager({} as never);
  manager.runId = "run_bench";
  manager.enterWithMetadata(structuredClone(document) as never);
  return manager;
}
