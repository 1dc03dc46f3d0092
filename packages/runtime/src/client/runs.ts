import { ConfigError } from "../errors.ts";
import type { JsonObject } from "../protocol/json.ts";
import { isEnded } from "../protocol/run-status.ts";
import { refused } from "../refused.ts";
import type { ApiReply } from "./api-client.ts";
import { requireApiClient } from "./configure.ts";
import { CursorPage, type CursorPagePromise, cursorPagePromise } from "./cursor-page.ts";
import { parseReply } from "./parse-reply.ts";
import { pathSegment } from "./path-segment.ts";
import { pause } from "./pause.ts";
import { type ReplayRunOptions, replayBody } from "./replay-body.ts";
import { replyString } from "./reply-field.ts";
import { withDates } from "./run-dates.ts";
import type { ListedRun, OutputOf, PayloadOf, RetrievedRun } from "./run-record.ts";
import { type RunsFilter, runsQuery } from "./runs-filter.ts";
import { type MetadataUpdate, updateMetadata } from "./update-metadata.ts";

/** A run by its id, or the handle that `trigger` gave. */
export type RunReference<Run> = string | (Run & { readonly id: string });

/** How `runs.poll` asks. */
export interface PollOptions {
  /** Time between two requests, in milliseconds (100 or more). @default 1000 */
  readonly pollIntervalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const NO_REALTIME = "there are no live updates yet; ask again with runs.poll or runs.retrieve";

function runPath(version: "v1" | "v2" | "v3", run: string | { readonly id: string }, rest = ""): string {
  return `/api/${version}/runs/${pathSegment("the run's id", typeof run === "string" ? run : run.id)}${rest}`;
}

async function fetchRun<Run>(
  run: RunReference<Run>,
  signal: AbortSignal | undefined,
): Promise<RetrievedRun<PayloadOf<Run>, OutputOf<Run>>> {
  const path = runPath("v3", run);
  return readRun<Run>(`GET ${path}`, await requireApiClient().send("GET", path, { signal }));
}

function readRun<Run>(call: string, reply: ApiReply): Promise<RetrievedRun<PayloadOf<Run>, OutputOf<Run>>> {
  return parseReply(
    call,
    reply,
    (schemas) => schemas.retrieveRunReply,
    (body) => {
      const { root, parent, children } = body.relatedRuns;
      const record: RetrievedRun = {
        ...withDates(body),
        relatedRuns: {
          ...(root === undefined ? {} : { root: withDates(root) }),
          ...(parent === undefined ? {} : { parent: withDates(parent) }),
          ...(children === undefined ? {} : { children: children.map(withDates) }),
        },
      };
      // Payload and output have the types that the caller named; everything else was checked.
      return record as RetrievedRun<PayloadOf<Run>, OutputOf<Run>>;
    },
  );
}

async function fetchPage(filter: RunsFilter): Promise<CursorPage<ListedRun>> {
  const path = "/api/v1/runs";
  const reply = await requireApiClient().send("GET", path, { query: runsQuery(filter) });
  const page = await parseReply(
    `GET ${path}`,
    reply,
    (schemas) => schemas.listRunsReply,
    (body) => ({ data: body.data.map(withDates), pagination: body.pagination }),
  );
  return new CursorPage<ListedRun>(page, (cursor) =>
    fetchPage({ ...filter, after: undefined, before: undefined, ...cursor }),
  );
}

/** Runs, seen from outside. Every method throws ConfigError when no API is configured, and ApiError. */
export const runs = {
  /**
   * A run as it is now. `typeof myTask`, or the handle of a trigger, types its payload and output.
   *
   * @example
   * const run = await runs.retrieve<typeof resize>("run_1234");
   * console.log(run.status, run.metadata?.progress);
   */
  retrieve<Run = unknown>(run: RunReference<Run>): Promise<RetrievedRun<PayloadOf<Run>, OutputOf<Run>>> {
    return fetchRun(run, undefined);
  },

  /**
   * Runs, newest first. Await it for a page, or iterate it for all of them, page by page.
   *
   * @example
   * for await (const run of runs.list({ status: "EXECUTING" })) console.log(run.id);
   */
  list(filter: RunsFilter = {}): CursorPagePromise<ListedRun> {
    return cursorPagePromise(fetchPage(filter));
  },

  /** Cancels a run; one that has ended stays as it is. */
  async cancel(run: string | { readonly id: string }): Promise<{ readonly id: string }> {
    const path = runPath("v2", run, "/cancel");
    return { id: replyString(`POST ${path}`, await requireApiClient().send("POST", path), "id") };
  },

  /**
   * Replaces a run's metadata, or applies operations to it, from outside the run.
   * @throws MetadataValueError, MetadataSizeError before anything is sent
   */
  async updateMetadata(
    run: string | { readonly id: string },
    update: MetadataUpdate,
  ): Promise<{ readonly metadata: JsonObject }> {
    return updateMetadata(typeof run === "string" ? run : run.id, update);
  },

  /**
   * Triggers a run's task again, with the same payload, metadata and tags unless `options` say otherwise.
   * @throws NotFoundError; MetadataValueError, MetadataSizeError, PacketError before anything is sent
   */
  async replay(
    run: string | { readonly id: string },
    options: ReplayRunOptions = {},
  ): Promise<{ readonly id: string }> {
    const path = runPath("v1", run, "/replay");
    const body = await replayBody(options);
    return { id: replyString(`POST ${path}`, await requireApiClient().send("POST", path, { body }), "id") };
  },

  /**
   * Gives a run that is still delayed another time to start.
   * @throws BadRequestError when it is not delayed any more; NotFoundError
   */
  async reschedule(
    run: string | { readonly id: string },
    options: { readonly delay: string | Date },
  ): Promise<RetrievedRun> {
    const path = runPath("v1", run, "/reschedule");
    return readRun(`POST ${path}`, await requireApiClient().send("POST", path, { body: options }));
  },

  /** Asks again and again until the run has ended, in whatever way; gives it as it is then. */
  async poll<Run = unknown>(
    run: RunReference<Run>,
    options: PollOptions = {},
  ): Promise<RetrievedRun<PayloadOf<Run>, OutputOf<Run>>> {
    const pollIntervalMs = options.pollIntervalMs ?? 1_000;
    if (!(pollIntervalMs >= 100))
      throw new ConfigError(`pollIntervalMs must be 100 or more, got ${String(pollIntervalMs)}`);
    for (;;) {
      const record = await fetchRun(run, options.signal);
      if (isEnded(record.status)) return record;
      await pause(requireApiClient().clock, pollIntervalMs, options.signal);
    }
  },

  /** Not supported: many runs at once. */
  bulk: refused("runs.bulk", "call runs.cancel or runs.replay for each run of runs.list"),
  /** Not supported. */
  subscribeToRun: refused("runs.subscribeToRun", NO_REALTIME),
  /** Not supported. */
  subscribeToRunsWithTag: refused("runs.subscribeToRunsWithTag", NO_REALTIME),
  /** Not supported. */
  subscribeToBatch: refused("runs.subscribeToBatch", NO_REALTIME),
  /** Not supported. */
  fetchStream: refused("runs.fetchStream", "write progress to metadata, and read it with runs.retrieve"),
} as const;
