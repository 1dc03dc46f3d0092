import {
  type ManualClock,
  manualClock,
  type Reply,
  type ScriptedEndpoint,
  scriptedEndpoint,
} from "@runmeta/testing";
import { ApiClient } from "../../src/client/api-client.ts";
import type { Flusher } from "../../src/flush/flusher.ts";
import { type OpenRun, openRun } from "../../src/lifecycle/open-run.ts";
import { type Drop, type MetadataOptions, resolveMetadataOptions, type Warning } from "../../src/options.ts";
import type { JsonObject } from "../../src/protocol/index.ts";
import type { MetadataStore } from "../../src/store/metadata-store.ts";
import { createRunTarget } from "../../src/target/run-target.ts";

export interface ScriptedRun {
  readonly run: OpenRun;
  readonly store: MetadataStore;
  readonly flusher: Flusher;
  readonly clock: ManualClock;
  readonly endpoint: ScriptedEndpoint;
  readonly drops: Drop[];
  readonly warnings: Warning[];
  /** The document at the endpoint. */
  stored(): JsonObject;
  /** Keys of the batches that were sent, with repetitions. */
  keys(): string[];
  /** When each `PUT` came. */
  times(): number[];
}

export interface ScriptedRunOptions {
  readonly deduplicates?: boolean;
  readonly document?: JsonObject;
  readonly metadata?: MetadataOptions;
  readonly otherwise?: Reply;
  readonly parentId?: string;
  readonly rootId?: string;
  readonly mode?: "operations" | "replace";
  readonly maximumSize?: number;
  readonly credentials?: () => string | undefined;
}

/** One open run in front of a scripted endpoint, on a clock that the test moves. */
export function openScripted(replies: readonly Reply[] = [], options: ScriptedRunOptions = {}): ScriptedRun {
  const clock = manualClock();
  const document = options.document ?? {};
  const endpoint = scriptedEndpoint(replies, {
    clock,
    document,
    deduplicates: options.deduplicates,
    otherwise: options.otherwise,
    maximumSize: options.maximumSize,
  });
  const client = new ApiClient({
    baseURL: endpoint.baseURL,
    accessToken: endpoint.accessToken,
    fetch: endpoint.fetch,
    clock,
  });
  const drops: Drop[] = [];
  const warnings: Warning[] = [];
  const id = "run_scripted";
  const run = openRun({
    id,
    clock,
    metadata: structuredClone(document),
    parentId: options.parentId,
    rootId: options.rootId,
    target: createRunTarget({
      runId: id,
      endpoint: () => client,
      clock,
      limitBytes: 4_096,
      mode: options.mode,
      credentials: options.credentials,
    }),
    options: resolveMetadataOptions({
      maximumSize: 100_000,
      onDrop: (drop) => drops.push(drop),
      onWarning: (warning) => warnings.push(warning),
      ...options.metadata,
    }),
  });
  return {
    run,
    store: run.scope.store,
    flusher: run.scope.flusher,
    clock,
    endpoint,
    drops,
    warnings,
    stored: () => endpoint.document(id),
    keys: () =>
      endpoint.metadataRequests.map((request) => request.headers["x-trigger-request-idempotency-key"] ?? ""),
    times: () => endpoint.metadataRequests.map((request) => request.at),
  };
}

/** Whether a promise has settled by now, and how; what is none has. */
export function watch(result: unknown): {
  state: "pending" | "resolved" | "rejected";
  error?: unknown;
} {
  const watched: { state: "pending" | "resolved" | "rejected"; error?: unknown } = { state: "pending" };
  Promise.resolve(result).then(
    () => (watched.state = "resolved"),
    (error: unknown) => Object.assign(watched, { state: "rejected", error }),
  );
  return watched;
}
