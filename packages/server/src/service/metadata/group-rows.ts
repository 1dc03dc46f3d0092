import type { DocumentRow, DocumentWrite, Storage } from "../../storage/storage.ts";
import type { Kinship } from "./kinship.ts";
import { LiveDocument } from "./live-document.ts";
import type { RecentDocuments } from "./recent-documents.ts";
import type { RemoteTarget, UpdateRequest } from "./update-request.ts";

/** The two methods of the storage that changing documents takes. */
export type DocumentStorage = Pick<Storage, "readDocuments" | "writeDocuments">;

/** How long a run's history became. */
export interface HistorySize
  extends Pick<DocumentRow, "id" | "environment" | "changeCount" | "changeBytes"> {}

/** What reading the documents of a group goes by. */
export interface ReadOptions {
  readonly storage: DocumentStorage;
  readonly limitBytes: number;
  readonly kinship: Kinship;
  /** Rows that need not be read; undefined: all are read. */
  readonly recent: RecentDocuments | undefined;
}

/** The documents that one group touches, each read once. */
export class GroupRows {
  readonly #documents: ReadonlyMap<string, LiveDocument>;
  /** Ids of the rows that were not read for this group. */
  readonly #remembered: ReadonlySet<string>;

  private constructor(documents: ReadonlyMap<string, LiveDocument>, remembered: ReadonlySet<string>) {
    this.#documents = documents;
    this.#remembered = remembered;
  }

  /** Reads the runs of all requests, and the parents and roots they write to; one query once the kinship is known. */
  static async read(requests: readonly UpdateRequest[], options: ReadOptions): Promise<GroupRows> {
    const { storage, limitBytes, kinship, recent } = options;
    const documents = new Map<string, LiveDocument>();
    const remembered = new Set<string>();
    const add = (row: DocumentRow) => {
      kinship.remember(row);
      documents.set(row.id, new LiveDocument(row, limitBytes));
    };
    const seen = new Set<string>();
    const load = async (ids: Iterable<string>) => {
      const unknown: string[] = [];
      for (const id of ids) {
        if (seen.has(id)) continue;
        seen.add(id);
        const row = recent?.find(id);
        if (row === undefined) unknown.push(id);
        else {
          remembered.add(id);
          add(row);
        }
      }
      if (unknown.length > 0) for (const row of await storage.readDocuments(unknown)) add(row);
    };
    await load(requests.flatMap((request) => [request.runId, ...remoteIds(request, kinship)]));
    // Of some the kinship is known only now.
    await load(requests.flatMap((request) => remoteIds(request, kinship)));
    return new GroupRows(documents, remembered);
  }

  /** The run's document; undefined for a run of another environment too. */
  find(environment: string, id: string): LiveDocument | undefined {
    const document = this.#documents.get(id);
    return document?.row.environment === environment ? document : undefined;
  }

  /**
   * Where a run's parent or root operations go: to the run itself when it has none, and nowhere when the one it has is
   * not known here.
   */
  remote(own: LiveDocument, target: RemoteTarget): LiveDocument | undefined {
    const { environment, parentId, rootId } = own.row;
    if (parentId === undefined && (target === "parent" || rootId === undefined)) return own;
    const id = target === "parent" ? parentId : rootId;
    return id === undefined ? undefined : this.find(environment, id);
  }

  version(id: string): number | undefined {
    return this.#documents.get(id)?.row.version;
  }

  /** What the group changed, each with the row that it leaves. */
  toWrites(): { readonly write: DocumentWrite; readonly row: DocumentRow }[] {
    return [...this.#documents.values()].flatMap((document) => {
      const write = document.toWrite();
      if (write === undefined) return [];
      const { metadata, dedupe, change } = write;
      const { version, changeCount, changeBytes } = document.row;
      const row = {
        ...document.row,
        metadata,
        dedupe,
        version: version + 1,
        changeCount: changeCount + (change === undefined ? 0 : 1),
        changeBytes: changeBytes + (change === undefined ? 0 : Buffer.byteLength(change.operations)),
      };
      return [{ write, row }];
    });
  }

  /** True when rows that were not read are among those that `writes` does not check: what was made of them may be wrong. */
  isUnsure(writes: readonly DocumentWrite[]): boolean {
    if (this.#remembered.size === 0) return false;
    const checked = new Set(writes.map((write) => write.id));
    for (const id of this.#remembered) if (!checked.has(id)) return true;
    return false;
  }
}

/** The documents of other runs that a request writes to, as far as they are known. */
export function remoteIds(request: UpdateRequest, kinship: Kinship): string[] {
  const { parentOperations = [], rootOperations = [] } = request.update;
  if (parentOperations.length === 0 && rootOperations.length === 0) return [];
  const kin: Partial<Pick<DocumentRow, "parentId" | "rootId">> = kinship.of(request.runId) ?? {};
  const ids: string[] = [];
  if (parentOperations.length > 0 && kin.parentId !== undefined) ids.push(kin.parentId);
  if (rootOperations.length > 0 && kin.rootId !== undefined) ids.push(kin.rootId);
  return ids;
}
