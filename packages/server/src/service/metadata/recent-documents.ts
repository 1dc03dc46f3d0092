import type { DocumentRow } from "../../storage/storage.ts";

/** What a row takes beside its texts, about. */
const ROW_BYTES = 500;

/** Options of {@link RecentDocuments}. */
export interface RecentDocumentsOptions {
  /** Bytes of memory. @default 32 MB */
  readonly limitBytes?: number;
  /** Milliseconds after its last write for which a row is kept. @default 60,000 */
  readonly maxAgeMs?: number;
}

/**
 * Rows as they were after the last write through this process, so that the next write need not read them. Others may have
 * written them since: what is made of such a row counts only once a statement has found its versions unchanged.
 */
export class RecentDocuments {
  readonly #limitBytes: number;
  readonly #maxAgeMs: number;
  /** The one that was written longest ago comes first. */
  readonly #rows = new Map<string, { readonly row: DocumentRow; readonly writtenAt: number }>();
  #bytes = 0;

  constructor(options: RecentDocumentsOptions = {}) {
    this.#limitBytes = options.limitBytes ?? 32 * 1024 * 1024;
    this.#maxAgeMs = options.maxAgeMs ?? 60_000;
  }

  find(id: string): DocumentRow | undefined {
    const kept = this.#rows.get(id);
    return kept !== undefined && performance.now() - kept.writtenAt <= this.#maxAgeMs ? kept.row : undefined;
  }

  /** Takes a row as it was just written. */
  keep(row: DocumentRow): void {
    this.forget(row.id);
    this.#rows.set(row.id, { row, writtenAt: performance.now() });
    this.#bytes += bytesOf(row);
    for (const id of this.#rows.keys()) {
      if (this.#bytes <= this.#limitBytes) break;
      this.forget(id);
    }
  }

  forget(id: string): void {
    const kept = this.#rows.get(id);
    if (kept === undefined) return;
    this.#rows.delete(id);
    this.#bytes -= bytesOf(kept.row);
  }
}

function bytesOf(row: DocumentRow): number {
  return ROW_BYTES + row.metadata.length + row.dedupe.length;
}
