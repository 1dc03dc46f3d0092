import type { JsonObject } from "../protocol/json.ts";
import type { Operation } from "../protocol/operation.ts";

/** The operations of one request. */
export interface BatchOperations {
  readonly operations: readonly Operation[];
  readonly parentOperations: readonly Operation[];
  readonly rootOperations: readonly Operation[];
}

/** What one request carries. */
export interface BatchContent extends BatchOperations {
  /** The whole document with these operations applied; only targets that replace ask for it. */
  document(): JsonObject;
}

/** One request, byte-identical however often it is sent. */
export interface Batch {
  /** `<publisher>.<sequence>`; the endpoint applies a batch once for each key. */
  readonly key: string;
  readonly body: string;
}

/** What the endpoint said about a parent or root write. */
export interface RemoteProblem {
  readonly target: "parent" | "root";
  readonly message: string;
}

/** The answer to one attempt to send a batch. Faults of the network are values: `send` never rejects. */
export type SendResult =
  | {
      readonly kind: "acknowledged";
      /** The endpoint's document after the batch; undefined when the reply could not be read. */
      readonly document: JsonObject | undefined;
      /** The endpoint applies a batch once for each key. */
      readonly deduplicates: boolean;
      /** Parent or root operations that were refused; not applied. */
      readonly refused: readonly RemoteProblem[];
      /** Parent or root operations that changed nothing there. */
      readonly ineffective: readonly RemoteProblem[];
      /** Why the reply could not be read, if so. */
      readonly warning: string | undefined;
    }
  | {
      readonly kind: "retry";
      readonly reason: string;
      readonly retryAfterMs: number | undefined;
      /** True when the endpoint may have applied the batch. */
      readonly maybeApplied: boolean;
      /** Known from the reply's headers, if one came. */
      readonly deduplicates: boolean | undefined;
      readonly cause: unknown;
    }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly message: string;
      /** False when the reply does not come from an endpoint that deduplicates. */
      readonly deduplicates?: boolean | undefined;
    }
  | { readonly kind: "paused"; readonly code: "UNAUTHORIZED" | "MISCONFIGURED"; readonly message: string };

/** The answer to reading the document. */
export type ReadResult =
  | { readonly kind: "document"; readonly document: JsonObject; readonly deduplicates: boolean }
  | {
      readonly kind: "failed";
      readonly message: string;
      /** Of the reply; undefined when none came. */
      readonly status: number | undefined;
      /** The endpoint will not answer otherwise another time. */
      readonly definitive: boolean;
      readonly retryAfterMs: number | undefined;
      readonly cause: unknown;
    };

/**
 * How long one attempt to reach the target may take, and what ends it earlier. `signal` is made when it is first read: pass
 * it on by name, a copy by `...` lacks it.
 */
export interface SendOptions {
  /** Absolute deadline of the attempt, headers and body. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Where a run's document is kept. */
export interface Target {
  /** `operations`: takes single changes; `replace`: takes the whole document, one writer, last writer wins. */
  readonly mode: "operations" | "replace";
  /** Whether parent and root operations can be delivered. */
  readonly remoteOperations: boolean;
  /** Largest document that the target takes, in bytes. @default what the run was given, or the process's */
  readonly limitBytes?: number | undefined;
  /**
   * Whether a dying process may leave unsent batches in `spoolDirectory`, from where they go to the run's own path.
   * @default true
   */
  readonly spools?: boolean | undefined;
  encode(content: BatchContent): string;
  /** The operations of a body that {@link Target.encode} made: what was sent is kept as text only. */
  decode(body: string): BatchOperations;
  /** Changes when the endpoint's credentials change; a paused run is tried again then. */
  credentials?(): string | undefined;
  /** A target that need not wait for anything may answer at once: a run that ends then has nothing to wait for either. */
  send(batch: Batch, options: SendOptions): SendResult | Promise<SendResult>;
  /** Answered at once, the body of a run is called before `withRun` returns. */
  read(options: SendOptions): ReadResult | Promise<ReadResult>;
}
