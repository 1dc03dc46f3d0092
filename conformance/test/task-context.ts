import { ApiClient, runMetadata, taskContext } from "@trigger.dev/core/v3";
import { StandardMetadataManager } from "@trigger.dev/core/v3/workers";
import { DEV_KEY } from "./keys.ts";

// Once a process and before the SDK is imported, as in an official worker: `metadata.parent` is taken when it loads.
const client = new ApiClient("http://127.0.0.1:0", DEV_KEY, undefined, {
  // What a lost reply costs is not of interest here: the first try again comes after milliseconds, not a second.
  retry: { minTimeoutInMs: 1, maxTimeoutInMs: 5, maxAttempts: 5 },
});
const manager = new StandardMetadataManager(client);
runMetadata.setGlobalManager(manager);

/** Makes this process the official worker of one run: `metadata.*` and `tasks.*` of the SDK then act for it. */
export function enterRun(
  url: string,
  runId: string,
  options: { isRoot?: boolean } = {},
): StandardMetadataManager {
  Object.assign(client, { baseUrl: url });
  manager.reset();
  manager.runId = runId;
  manager.runIdIsRoot = options.isRoot ?? false;
  manager.enterWithMetadata({});
  taskContext.setGlobalTaskContext({
    ctx: contextOf(runId),
    worker: { version: "1" },
    isWarmStart: false,
  } as never);
  return manager;
}

/** Outside of any run again. */
export function leaveRun(): void {
  manager.reset();
  taskContext.disable();
}

function contextOf(runId: string) {
  return {
    run: { id: runId, tags: [], isTest: false },
    task: { id: "hello", filePath: "hello.ts" },
    attempt: { number: 1 },
    environment: { id: "dev", slug: "dev", type: "DEVELOPMENT" },
    organization: { id: "o", slug: "o", name: "o" },
    project: { id: "p", ref: "p", slug: "p", name: "p" },
    queue: { id: "q", name: "q" },
    machine: { name: "small-1x" },
  };
}
