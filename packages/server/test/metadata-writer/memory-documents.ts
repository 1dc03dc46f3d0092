import type { DocumentRow, DocumentWrite } from "../../src/storage/storage.ts";

/** The two storage methods that the writer uses, in memory, with switches for everything a database can do to it. */
export class MemoryDocuments {
  readonly rows = new Map<string, DocumentRow>();
  /** Every write that was asked for, in order. */
  readonly written: DocumentWrite[][] = [];
  reads = 0;
  /** Called before a write takes effect; may throw, change rows (another server), or wait. */
  beforeWrite: (writes: readonly DocumentWrite[]) => void | Promise<void> = () => {};
  /** Called after it took effect; a throw here is a reply that got lost. */
  afterWrite: (writes: readonly DocumentWrite[]) => void = () => {};
  beforeRead: () => void | Promise<void> = () => {};

  add(id: string, fields: Partial<DocumentRow> = {}): void {
    this.rows.set(id, {
      id,
      environment: "dev",
      metadata: "{}",
      version: 0,
      dedupe: "{}",
      parentId: undefined,
      rootId: undefined,
      finishedAt: undefined,
      runVersion: 0,
      attempt: 1,
      changeCount: 0,
      changeBytes: 0,
      ...fields,
    });
  }

  document(id: string): Record<string, unknown> {
    return JSON.parse(this.rows.get(id)?.metadata ?? "null");
  }

  /** What another server would do. */
  touch(id: string, metadata: string): void {
    const row = this.rows.get(id)!;
    this.rows.set(id, { ...row, metadata, version: row.version + 1 });
  }

  async readDocuments(ids: readonly string[]): Promise<DocumentRow[]> {
    this.reads += 1;
    await this.beforeRead();
    return ids.flatMap((id) => this.rows.get(id) ?? []);
  }

  async writeDocuments(writes: readonly DocumentWrite[]): Promise<boolean> {
    this.written.push([...writes]);
    await this.beforeWrite(writes);
    if (writes.some((write) => !isExpected(this.rows.get(write.id), write))) return false;
    for (const { id, metadata, dedupe, expectedVersion } of writes) {
      this.rows.set(id, { ...this.rows.get(id)!, metadata, dedupe, version: expectedVersion + 1 });
    }
    this.afterWrite(writes);
    return true;
  }
}

function isExpected(row: DocumentRow | undefined, write: DocumentWrite): boolean {
  if (row?.version !== write.expectedVersion) return false;
  return write.expectedRunVersion === undefined || write.expectedRunVersion === row.runVersion;
}
