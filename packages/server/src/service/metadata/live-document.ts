import { applyOperations, type JsonObject, type Operation } from "@runmeta/runtime/protocol";
import type { DocumentRow, DocumentWrite } from "../../storage/storage.ts";
import { DedupeState } from "./dedupe-state.ts";
import { withoutIdleSets } from "./idle-sets.ts";
import { growthBound } from "./operation-growth.ts";

/** What applying did to one document. `too-large` changed nothing; `bytes` is the size it would have had. */
export type ApplyResult =
  | { readonly kind: "applied"; readonly unapplied: readonly Operation[] }
  | { readonly kind: "too-large"; readonly bytes: number };

/** How operations are applied to a document that may be changed in the process. */
type Applier = (
  document: JsonObject,
  operations: readonly Operation[],
) => { document: JsonObject; unapplied: readonly Operation[] };

/** An operation of the history. */
type RecordedOperation = Operation & {
  /** The run that wrote it, where that is another one. */
  readonly from?: string;
};

/**
 * One row while a group is put together. However many requests touch it, its text is parsed once and printed once: the
 * size is followed by an upper bound, and the document is only printed in between where the bound reaches the limit or
 * a path makes it unknown. Printing also gives the text to go back to when a request does not fit.
 */
export class LiveDocument {
  readonly row: DocumentRow;
  readonly #limitBytes: number;
  #value: JsonObject | undefined;
  /** The document's JSON; undefined after a change that has not been printed. */
  #text: string | undefined;
  /** At least the bytes of the document's JSON. */
  #bytes: number;
  #dedupe: DedupeState | undefined;
  /** What was applied, for the history; undefined once the whole document was replaced. */
  #applied: RecordedOperation[] | undefined = [];

  constructor(row: DocumentRow, limitBytes: number) {
    this.row = row;
    this.#limitBytes = limitBytes;
    this.#text = row.metadata;
    this.#bytes = utf8Bytes(row.metadata);
  }

  /** The keys that this run's row remembers; parsed when first asked for. */
  get dedupe(): DedupeState {
    return (this.#dedupe ??= new DedupeState(this.row.dedupe));
  }

  /** True once the document differs from the stored one. */
  get changed(): boolean {
    return this.text() !== this.row.metadata;
  }

  /** The document's JSON as it is now. */
  text(): string {
    if (this.#text !== undefined) return this.#text;
    this.#text = JSON.stringify(this.#value);
    this.#bytes = utf8Bytes(this.#text);
    return this.#text;
  }

  /**
   * Applies all of them, or none if the document would exceed the limit.
   *
   * @param from the run that wrote them, where that is another one
   */
  apply(
    operations: readonly Operation[],
    applier: Applier = applyOperations,
    from: string | undefined = undefined,
  ): ApplyResult {
    // Before they are applied: afterwards all of them stand there.
    const telling = this.#applied === undefined ? [] : withoutIdleSets(this.#parsed(), operations);
    const result = this.#apply(operations, applier);
    if (result.kind === "applied") this.#record(telling, result.unapplied, from);
    return result;
  }

  #apply(operations: readonly Operation[], applier: Applier): ApplyResult {
    if (operations.length === 0) return { kind: "applied", unapplied: [] };
    const bound = this.#bytes + growthBound(operations);
    if (bound > this.#limitBytes) return this.#applyMeasured(operations, applier);
    const unapplied = this.#run(operations, applier);
    if (unapplied.length < operations.length) {
      this.#text = undefined;
      this.#bytes = bound;
    }
    return { kind: "applied", unapplied };
  }

  /** Puts another document in its place, unless it exceeds the limit. */
  replace(document: JsonObject): ApplyResult {
    const text = JSON.stringify(document);
    const bytes = utf8Bytes(text);
    if (bytes > this.#limitBytes) return { kind: "too-large", bytes };
    this.#value = undefined;
    this.#text = text;
    this.#bytes = bytes;
    this.#applied = undefined;
    return { kind: "applied", unapplied: [] };
  }

  /** What must be stored; undefined when neither the document nor its keys changed. */
  toWrite(): DocumentWrite | undefined {
    const { changed } = this;
    if (!changed && this.#dedupe?.changed !== true) return undefined;
    const { id, version, runVersion, dedupe, attempt } = this.row;
    return {
      id,
      expectedVersion: version,
      expectedRunVersion: runVersion,
      metadata: this.text(),
      dedupe: this.#dedupe?.toText() ?? dedupe,
      change: changed ? { attempt, operations: this.#changeText() } : undefined,
    };
  }

  #record(operations: readonly Operation[], unapplied: readonly Operation[], from: string | undefined): void {
    if (this.#applied === undefined) return;
    for (const operation of operations) {
      if (unapplied.includes(operation)) continue;
      this.#applied.push(from === undefined ? operation : { ...operation, from });
    }
  }

  /** The change as the history keeps it; never much larger than a document may be. */
  #changeText(): string {
    const operations = this.#applied && JSON.stringify(this.#applied);
    if (operations !== undefined && operations.length <= this.#limitBytes) return operations;
    return `[{"type":"update","value":${this.text()}}]`;
  }

  #applyMeasured(operations: readonly Operation[], applier: Applier): ApplyResult {
    const before = this.text();
    const bytesBefore = this.#bytes;
    const unapplied = this.#run(operations, applier);
    if (unapplied.length === operations.length) return { kind: "applied", unapplied };
    this.#text = undefined;
    this.text();
    const bytes = this.#bytes;
    if (bytes <= this.#limitBytes) return { kind: "applied", unapplied };
    this.#value = undefined;
    this.#text = before;
    this.#bytes = bytesBefore;
    return { kind: "too-large", bytes };
  }

  #run(operations: readonly Operation[], applier: Applier): readonly Operation[] {
    const { document, unapplied } = applier(this.#parsed(), operations);
    this.#value = document;
    return unapplied;
  }

  #parsed(): JsonObject {
    return (this.#value ??= JSON.parse(this.text()) as JsonObject);
  }
}

/** Bytes of a text as it is stored and counted against the limit. */
function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
