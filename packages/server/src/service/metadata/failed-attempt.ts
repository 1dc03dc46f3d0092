import type { DocumentWrite } from "../../storage/storage.ts";
import type { GroupRows } from "./group-rows.ts";

/**
 * A statement that failed, and may have been committed all the same (a connection lost at the wrong moment). Requests with
 * a key are simply applied again, their key tells. For those without one the row versions tell: the statement writes
 * all of its rows or none, so one row that is still at its old version shows that it has not been committed.
 */
export class FailedAttempt {
  readonly #versions: ReadonlyMap<string, number>;
  #excluded = false;

  constructor(writes: readonly DocumentWrite[]) {
    this.#versions = new Map(writes.map((write) => [write.id, write.expectedVersion]));
  }

  /** Whether, going by these rows, its writes may be in them. */
  mayHaveCommitted(rows: GroupRows): boolean {
    if (this.#excluded) return false;
    let moved = false;
    for (const [id, expected] of this.#versions) {
      const version = rows.version(id);
      if (version === expected) return false;
      moved ||= version !== undefined;
    }
    return moved;
  }

  /** Tells that other writes were committed: over a row that it expected to write, they exclude it for good. */
  committed(writes: readonly DocumentWrite[]): void {
    this.#excluded ||= writes.some((write) => this.#versions.get(write.id) === write.expectedVersion);
  }
}
