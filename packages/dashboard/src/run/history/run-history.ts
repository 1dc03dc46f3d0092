import {
  applyOperation,
  cloneJson,
  type JsonObject,
  jsonBytes,
  type Operation,
} from "@runmeta/runtime/protocol";

/** Operations that were written together. */
export interface HistoryChange {
  readonly version: number;
  /** ISO time. */
  readonly at: string;
  readonly attempt: number;
  readonly operations: readonly Operation[];
}

/** A run's document as it became what it is. */
export interface RunHistory {
  /** Most bytes that the document may have. */
  readonly limitBytes: number;
  /** What the oldest changes were folded into. */
  readonly base: { readonly version: number; readonly at: string; readonly document: JsonObject };
  /** In order. */
  readonly changes: readonly HistoryChange[];
}

/** Reply to `GET /api/v1/runs/{runId}/metadata/history`; without `base` when it only goes on. */
export type HistoryAnswer = Omit<RunHistory, "base"> & Partial<Pick<RunHistory, "base">>;

/** More is folded into the base: changes, and bytes of their operations. A page stays open for days. */
const MAX_CHANGES = 5_000;
const MAX_BYTES = 32 * 1024 * 1024;

/** What is known once an answer has come. Undefined only when there was nothing and the answer only goes on. */
export function withAnswer(known: RunHistory | undefined, answer: HistoryAnswer): RunHistory | undefined {
  const { limitBytes, base, changes } = answer;
  if (base !== undefined) return { limitBytes, base, changes };
  if (known === undefined) return undefined;
  const last = lastVersion(known);
  const newer = changes.filter((change) => change.version > last);
  if (newer.length === 0 && limitBytes === known.limitBytes) return known;
  return folded({ limitBytes, base: known.base, changes: [...known.changes, ...newer] });
}

/** The version that the next answer has to go on from. */
export function lastVersion(history: RunHistory): number {
  return history.changes.at(-1)?.version ?? history.base.version;
}

/** When the document became what it is after so many changes: ISO time. */
export function momentAt(history: RunHistory, index: number): string {
  return history.changes[index - 1]?.at ?? history.base.at;
}

/**
 * The document after a change; it takes ownership of the one before. One operation at a time: what a list of operations
 * may add at most counts for a request, and a change can be of several.
 */
export function applyChange(document: JsonObject, operations: readonly Operation[]): JsonObject {
  return operations.reduce((before, operation) => applyOperation(before, operation).document, document);
}

/** The same history with its older half in the base, where it has grown too much. */
function folded(history: RunHistory): RunHistory {
  const { changes, base } = history;
  if (changes.length <= MAX_CHANGES && !exceedsBytes(changes)) return history;
  const half = Math.ceil(changes.length / 2);
  const older = changes.slice(0, half);
  const document = older.reduce(
    (before, change) => applyChange(before, change.operations),
    cloneJson(base.document),
  );
  const last = older.at(-1);
  if (last === undefined) return history;
  return { ...history, base: { version: last.version, at: last.at, document }, changes: changes.slice(half) };
}

const bytesOfChange = new WeakMap<HistoryChange, number>();

function exceedsBytes(changes: readonly HistoryChange[]): boolean {
  let bytes = 0;
  for (const change of changes) {
    let own = bytesOfChange.get(change);
    if (own === undefined) {
      own = change.operations.reduce((sum, one) => sum + ("value" in one ? jsonBytes(one.value) : 0), 0);
      bytesOfChange.set(change, own);
    }
    bytes += own;
  }
  return bytes > MAX_BYTES;
}
