import type { DocumentRow } from "../../storage/storage.ts";

/** Whose child a run is. It never changes, so what was read once stays true. */
export type Kin = Pick<DocumentRow, "parentId" | "rootId">;

/**
 * Remembers parents and roots of runs that were read, so that a group with parent operations reads everything in one
 * query and not in two. Holds the last 10,000 runs seen.
 */
export class Kinship {
  readonly #kin = new Map<string, Kin>();
  readonly #limit: number;

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  of(runId: string): Kin | undefined {
    return this.#kin.get(runId);
  }

  remember(row: DocumentRow): void {
    if (this.#kin.has(row.id)) return;
    this.#kin.set(row.id, { parentId: row.parentId, rootId: row.rootId });
    if (this.#kin.size <= this.#limit) return;
    const oldest = this.#kin.keys().next();
    if (!oldest.done) this.#kin.delete(oldest.value);
  }
}
