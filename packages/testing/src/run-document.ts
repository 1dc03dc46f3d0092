import {
  applyOperations,
  applyRemoteOperations,
  cloneJson,
  type JsonObject,
  jsonBytes,
  type Operation,
} from "@runmeta/runtime/protocol";

/** The document of one run as an endpoint keeps it, with everything that was ever applied to it. */
export class RunDocument {
  readonly #limitBytes: number;
  readonly #applied: Operation[] = [];
  #document: JsonObject;

  constructor(document: JsonObject, limitBytes: number) {
    this.#document = cloneJson(document);
    this.#limitBytes = limitBytes;
  }

  /** A copy. */
  get current(): JsonObject {
    return cloneJson(this.#document);
  }

  /** What somebody else stores. */
  adopt(document: JsonObject): void {
    this.#document = cloneJson(document);
  }

  get applied(): readonly Operation[] {
    return [...this.#applied];
  }

  /** {@link RunDocument.apply} for another run's operations: those that change nothing count as not applied. */
  applyRemote(operations: readonly Operation[]): readonly Operation[] | undefined {
    return this.#apply(operations, applyRemoteOperations);
  }

  /**
   * Applies all operations, or none when the result is larger than the limit.
   * @returns those that do not apply; undefined when the result is too large
   */
  apply(operations: readonly Operation[]): readonly Operation[] | undefined {
    return this.#apply(operations, applyOperations);
  }

  #apply(
    operations: readonly Operation[],
    rules: typeof applyRemoteOperations,
  ): readonly Operation[] | undefined {
    const { document, unapplied } = rules(this.current, operations);
    if (operations.length > 0 && jsonBytes(document) > this.#limitBytes) return undefined;
    this.#document = document;
    for (const operation of operations) {
      if (!unapplied.includes(operation)) this.#applied.push(operation);
    }
    return unapplied;
  }
}
