import { ConfigError } from "../errors.ts";
import type { JsonObject } from "../protocol/json.ts";
import { isEnded } from "../protocol/run-status.ts";
import { refused } from "../refused.ts";
import { type CallOptions, callApi } from "./call-options.ts";
import { requireApiClient } from "./configure.ts";
import { CursorPage, type CursorPagePromise, cursorPagePromise } from "./cursor-page.ts";
import { type MetadataHistory, readMetadataHistory } from "./metadata-history.ts";
import { parseReply } from "./parse-reply.ts";
import { pathSegment } from "./path-segment.ts";
import { pause } from "./pause.ts";
import { readRun } from "./read-run.ts";
import { type ReplayRunOptions, replayBody } from "./replay-body.ts";
import { replyString } from "./reply-field.ts";
import { withDates } from "./run-dates.ts";
import type { ListedRun, OutputOf, PayloadOf, RetrievedRun } from "./run-record.ts";
import {
  type OneRunSubscription,
  type RunSubscription,
  type SubscribeOptions,
  subscribe,
} from "./run-subscription.ts";
import { type RunsFilter, runsQuery } from "./runs-filter.ts";
import { openStream } from "./streams.ts";
import { type MetadataUpdate, updateMetadata } from "./update-metadata.ts";

/** A run by its id, or the handle that `trigger` gave. */
export type RunReference<Run> = string | (Run & { readonly id: string });

/** How `runs.poll` asks. */
export interface PollOptions {
  /** Time between two requests, in milliseconds (100 or more). @default 1000 */
  readonly pollIntervalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

function runPath(version: "v1" | "v2" | "v3", run: string | { readonly id: string }, rest = ""): string {
  return `/api/${version}/runs/${pathSegment("the run's id", typeof run === "string" ? run : run.id)}${rest}`;
}

async function fetchRun<Run>(
  run: RunReference<Run>,
  call: CallOptions | undefined,
): Promise<RetrievedRun<PayloadOf<Run>, OutputOf<Run>>> {
  const path = runPath("v3", run);
  return readRun<Run>(`GET ${path}`, await callApi("GET", path, {}, call));
}

async function fetchPage(filter: RunsFilter, call: CallOptions | undefined): Promise<CursorPage<ListedRun>> {
  const path = "/api/v1/runs";
  const reply = await callApi("GET", path, { query: runsQuery(filter) }, call);
  const page = await parseReply(
    `GET ${path}`,
    reply,
    (schemas) => schemas.listRunsReply,
    (body) => ({ data: body.data.map(withDates), pagination: body.pagination }),
  );
  return new CursorPage<ListedRun>(page, (cursor) =>
    fetchPage({ ...filter, after: undefined, before: undefined, ...cursor }, call),
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
  retrieve<Run = unknown>(
    run: RunReference<Run>,
    call?: CallOptions,
  ): Promise<RetrievedRun<PayloadOf<Run>, OutputOf<Run>>> {
    return fetchRun(run, call);
  },

  /**
   * Runs, newest first. Await it for a page, or iterate it for all of them, page by page.
   *
   * @example
   * for await (const run of runs.list({ status: "EXECUTING" })) console.log(run.id);
   */
  list(filter: RunsFilter = {}, call?: CallOptions): CursorPagePromise<ListedRun> {
    return cursorPagePromise(fetchPage(filter, call));
  },

  /** Cancels a run; one that has ended stays as it is. */
  async cancel(run: string | { readonly id: string }, call?: CallOptions): Promise<{ readonly id: string }> {
    const path = runPath("v2", run, "/cancel");
    return { id: replyString(`POST ${path}`, await callApi("POST", path, {}, call), "id") };
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
   * How a run's metadata became what it is; with `after`, what is newer than a version of it. Servers of ours only.
   *
   * @throws NotFoundError
   * @example
   * const { changes } = await runs.metadataHistory("run_1234");
   * for (const { at, operations } of changes) console.log(at, operations);
   */
  async metadataHistory(
    run: string | { readonly id: string },
    options: { readonly after?: number | undefined } = {},
  ): Promise<MetadataHistory> {
    return readMetadataHistory(typeof run === "string" ? run : run.id, options.after);
  },

  /**
   * Triggers a run's task again, with the same payload, metadata and tags unless `options` say otherwise.
   * @throws NotFoundError; MetadataValueError, MetadataSizeError, PacketError before anything is sent
   */
  async replay(
    run: string | { readonly id: string },
    options: ReplayRunOptions = {},
    call?: CallOptions,
  ): Promise<{ readonly id: string }> {
    const path = runPath("v1", run, "/replay");
    const body = await replayBody(options);
    return { id: replyString(`POST ${path}`, await callApi("POST", path, { body }, call), "id") };
  },

  /**
   * Gives a run that is still delayed another time to start.
   * @throws BadRequestError when it is not delayed any more; NotFoundError
   */
  async reschedule(
    run: string | { readonly id: string },
    options: { readonly delay: string | Date },
    call?: CallOptions,
  ): Promise<RetrievedRun> {
    const path = runPath("v1", run, "/reschedule");
    return readRun(`POST ${path}`, await callApi("POST", path, { body: options }, call));
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
      const record = await fetchRun(run, { signal: options.signal });
      if (isEnded(record.status)) return record;
      await pause(requireApiClient().clock, pollIntervalMs, options.signal);
    }
  },

  /** Not supported: many runs at once. */
  bulk: refused("runs.bulk", "call runs.cancel or runs.replay for each run of runs.list"),
  /**
   * A run as it is now, then after each change, until it has ended, as `retrieve` gives it but without relatives. Of
   * changes that come faster than the loop takes them only the newest is seen. A broken connection is made again.
   *
   * @throws ConfigError at the call; in the loop ApiError for a refusal (NotFoundError when there is no such run), and
   * when the server stays away for 15 minutes
   * @example
   * for await (const run of runs.subscribeToRun<typeof resize>("run_1234")) console.log(run.metadata?.progress);
   */
  subscribeToRun<Run = unknown>(
    run: RunReference<Run>,
    options: SubscribeOptions = {},
  ): OneRunSubscription<Run> {
    const path = runPath("v1", run, "/events");
    return subscribe(requireApiClient(), { path, single: true }, options);
  },

  /**
   * Runs that have a tag, or all of several: those there are, then each one that is new or has changed. Has no end:
   * leave the loop. Runs of the last day, unless `createdAt` says less.
   *
   * @throws as `subscribeToRun`
   */
  subscribeToRunsWithTag<Run = unknown>(
    tag: string | readonly string[],
    filters: { /** For example `1h`. */ readonly createdAt?: string | undefined } = {},
    options: SubscribeOptions = {},
  ): RunSubscription<Run> {
    const query = { tags: typeof tag === "string" ? tag : tag.join(","), createdAt: filters.createdAt };
    return subscribe(requireApiClient(), { path: "/api/v1/runs/events", query, single: false }, options);
  },

  /**
   * The runs of a batch: those there are, then each one that is new or has changed. Has no end: leave the loop.
   *
   * @throws as `subscribeToRun`
   */
  subscribeToBatch<Run = unknown>(batchId: string, options: SubscribeOptions = {}): RunSubscription<Run> {
    const path = `/api/v1/batches/${pathSegment("the batch's id", batchId)}/events`;
    return subscribe(requireApiClient(), { path, single: false }, options);
  },

  /**
   * Reads a stream of a run, from its first chunk on; as `streams.read`.
   * @throws ConfigError; in the loop ApiError
   */
  async fetchStream<Part>(runId: string, key: string): Promise<AsyncIterable<Part>> {
    return openStream<Part>(runId, key);
  },
} as const;
