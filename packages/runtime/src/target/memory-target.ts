import { applyOperations } from "../protocol/apply-operation.ts";
import { cloneJson } from "../protocol/clone-json.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { Operation } from "../protocol/operation.ts";
import type { Batch, BatchContent, BatchOperations, ReadResult, SendResult, Target } from "./target.ts";

/** A target whose document can be looked at. */
export interface MemoryTarget extends Target {
  /** A copy of what is stored. */
  document(): JsonObject;
}

/** Where the document is: an object of its own, so that a target made of this one (`{ ...target, read }`) shares it. */
interface Cell {
  stored: JsonObject;
}

const NONE: readonly never[] = [];

function operationsOf(body: string): readonly Operation[] {
  return (JSON.parse(body) as Pick<BatchOperations, "operations">).operations;
}

function encode({ operations }: BatchContent): string {
  return JSON.stringify({ operations });
}

function decode(body: string): BatchOperations {
  return { operations: operationsOf(body), parentOperations: NONE, rootOperations: NONE };
}

function send(this: MemoryDocument, { body }: Batch): SendResult {
  const { cell } = this;
  cell.stored = applyOperations(cell.stored, operationsOf(body)).document;
  return {
    kind: "acknowledged",
    document: cloneJson(cell.stored),
    deduplicates: true,
    refused: NONE,
    ineffective: NONE,
    warning: undefined,
  };
}

function read(this: MemoryDocument): ReadResult {
  return { kind: "document", document: cloneJson(this.cell.stored), deduplicates: true };
}

function document(this: MemoryDocument): JsonObject {
  return cloneJson(this.cell.stored);
}

/** Its functions are members of its own, so that a copy by `...` has them, and one for all: there may be 10,000 targets. */
class MemoryDocument implements MemoryTarget {
  readonly mode = "operations";
  readonly remoteOperations = false;
  readonly encode = encode;
  readonly decode = decode;
  readonly send = send;
  readonly read = read;
  readonly document = document;
  readonly cell: Cell;

  constructor(stored: JsonObject) {
    this.cell = { stored };
  }
}

/**
 * A document kept in this process only: for code that reports metadata where there is no endpoint, and for tests.
 * Answers at once. Parent and root operations have nowhere to go and are dropped as unsupported.
 */
export function memoryTarget(initial: JsonObject = {}): MemoryTarget {
  return new MemoryDocument(cloneJson(initial));
}
