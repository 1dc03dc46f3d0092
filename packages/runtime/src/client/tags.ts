import { currentScope } from "../context/context-storage.ts";
import { NotSupportedError, UnprocessableEntityError } from "../errors.ts";
import { type CallOptions, callApi } from "./call-options.ts";
import { pathSegment } from "./path-segment.ts";

/** Tags of the current run. */
export const tags = {
  /**
   * Adds one tag or several (10 a run at most, 128 characters each). Tags that the server refuses are not worth the run:
   * they are named by the warning `TAGS_REFUSED`.
   * @throws NotSupportedError outside a run; ApiError when the server could not be asked
   */
  async add(tag: string | readonly string[], call?: CallOptions): Promise<void> {
    const run = currentScope();
    if (run === undefined) {
      throw new NotSupportedError("tags.add outside a run", "give the tags to trigger(payload, { tags })");
    }
    const path = `/api/v1/runs/${pathSegment("the run's id", run.id)}/tags`;
    try {
      await callApi("POST", path, { body: { tags: tag } }, { signal: run.signal, ...call });
    } catch (error) {
      if (!(error instanceof UnprocessableEntityError)) throw error;
      run.warn("TAGS_REFUSED", `The tags ${JSON.stringify(tag)} were not added: ${error.message}`);
    }
  },
} as const;
