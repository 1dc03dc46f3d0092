import type { JsonObject, Operation } from "@runmeta/runtime/protocol";

/** One `PUT /api/v1/runs/{runId}/metadata`, parsed and validated by its route. */
export interface UpdateRequest {
  /** The environment of the key that was sent; a run of another one is not found. */
  readonly environment: string;
  readonly runId: string;
  readonly update: DocumentUpdate;
  /** `x-trigger-request-idempotency-key`; without it a request that is sent twice is applied twice. */
  readonly idempotencyKey?: string | undefined;
  /** SHA-256 of the raw body, hex: tells a repeated request from a key that is used for something else. */
  readonly bodyHash: string;
  /** Length of the raw body in bytes, for the bound on what waits in memory; 0 when not given. */
  readonly bodyBytes?: number | undefined;
}

/** What the body asks for. `operations`, even an empty list, wins over `metadata`. */
export interface DocumentUpdate {
  readonly metadata?: JsonObject | undefined;
  readonly operations?: readonly Operation[] | undefined;
  readonly parentOperations?: readonly Operation[] | undefined;
  readonly rootOperations?: readonly Operation[] | undefined;
}

/** Another document that a request may write to, besides its own run's. */
export type RemoteTarget = "parent" | "root";

/** Operations of one target that were not applied, all of them: its limit was reached, or it is not known. */
export interface RefusedTarget {
  readonly target: RemoteTarget;
  readonly message: string;
}

/** An operation that was applied and changed nothing: its path leads nowhere, or it removes from what is no list. */
export interface IneffectiveOperation {
  readonly target: RemoteTarget;
  readonly key: string;
}

/** What became of parent and root operations; sent with every answer to the same request. */
export interface RemoteOutcome {
  readonly refused: readonly RefusedTarget[];
  readonly ineffective: readonly IneffectiveOperation[];
}

/** The answer to one request. Only `updated` was applied, and by then it is committed. */
export type UpdateResult =
  | {
      readonly status: "updated";
      /** JSON text of the run's document after the commit that holds this request; `{}` for a request that asks for nothing. */
      readonly metadata: string;
      readonly refused: RefusedTarget[];
      readonly ineffective: IneffectiveOperation[];
    }
  | { readonly status: "not-found" }
  /** `bytes` is the size the document would have had. */
  | { readonly status: "too-large"; readonly limitBytes: number; readonly bytes: number }
  /** The run ended more than an hour ago. */
  | { readonly status: "completed" }
  /** The idempotency key was used for another body. */
  | { readonly status: "key-reused" }
  /** Not applied as far as is known; the same request with the same key may be sent again after the pause. */
  | { readonly status: "unavailable"; readonly retryAfterMs: number };
