import { currentScope } from "../context/context-storage.ts";
import { NotSupportedError } from "../errors.ts";
import { requireApiClient } from "./configure.ts";
import { pathSegment } from "./path-segment.ts";

/** Tags of the current run. */
export const tags = {
  /**
   * Adds one tag or several (10 a run at most, 128 characters each).
   * @throws NotSupportedError outside a run; ApiError when the server refuses them
   */
  async add(tag: string | readonly string[]): Promise<void> {
    const run = currentScope();
    if (run === undefined) {
      throw new NotSupportedError("tags.add outside a run", "give the tags to trigger(payload, { tags })");
    }
    await requireApiClient().send("POST", `/api/v1/runs/${pathSegment("the run's id", run.id)}/tags`, {
      body: { tags: tag },
      signal: run.signal,
    });
  },
} as const;
