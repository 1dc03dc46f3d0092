import {
  applyOperation,
  applyOperations,
  applyRemoteOperations,
  cloneJson,
  type JsonObject,
  jsonBytes,
  type Operation,
} from "@runmeta/runtime/protocol";
import type { PutMetadataBody } from "@runmeta/runtime/protocol/schemas";

/** One operation as an endpoint applied it. */
export interface AppliedOperation {
  readonly operation: Operation;
  /** When, on the clock of the client that sent it. */
  readonly at: number;
  /** The run's attempt at that time; 0 before the first. */
  readonly attempt: number;
}

/** A change and the document after it. */
export interface DocumentChange extends AppliedOperation {
  readonly document: JsonObject;
}

/** The document of one run as an endpoint keeps it, with everything that was ever applied to it. */
export class RunDocument {
  readonly #initial: JsonObject;
  readonly #limitBytes: number;
  readonly #applied: AppliedOperation[] = [];
  #document: JsonObject;

  constructor(document: JsonObject, limitBytes: number) {
    this.#initial = cloneJson(document);
    this.#document = cloneJson(document);
    this.#limitBytes = limitBytes;
  }

  /** A copy. */
  get current(): JsonObject {
    return cloneJson(this.#document);
  }

  get applied(): readonly AppliedOperation[] {
    return [...this.#applied];
  }

  /** Every change with the document after it. Cost: one copy of the document an operation. */
  changes(): DocumentChange[] {
    let document = this.#initial;
    return this.#applied.map((entry) => {
      document = applyOperation(cloneJson(document), entry.operation).document;
      return { ...entry, document };
    });
  }

  /** {@link RunDocument.apply} for another run's operations: those that change nothing count as not applied. */
  applyRemote(
    operations: readonly Operation[],
    when: { readonly at: number; readonly attempt: number },
  ): readonly Operation[] | undefined {
    return this.#apply(operations, when, applyRemoteOperations);
  }

  /**
   * Applies all operations, or none when the result is larger than the limit.
   * @returns those that do not apply; undefined when the result is too large
   */
  apply(
    operations: readonly Operation[],
    when: { readonly at: number; readonly attempt: number },
  ): readonly Operation[] | undefined {
    return this.#apply(operations, when, applyOperations);
  }

  #apply(
    operations: readonly Operation[],
    when: { readonly at: number; readonly attempt: number },
    rules: typeof applyRemoteOperations,
  ): readonly Operation[] | undefined {
    const { document, unapplied } = rules(this.current, operations);
    if (operations.length > 0 && jsonBytes(document) > this.#limitBytes) return undefined;
    this.#document = document;
    for (const operation of operations) {
      if (!unapplied.includes(operation)) this.#applied.push({ operation, ...when });
    }
    return unapplied;
  }
}

/** Operations of a request on its own run; replacing the whole document is one of them. */
export function ownOperations(body: PutMetadataBody): readonly Operation[] {
  if (body.operations !== undefined) return body.operations;
  return body.metadata === undefined ? [] : [{ type: "update", value: body.metadata }];
}
