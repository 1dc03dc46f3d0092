import type { DocumentRow, DocumentWrite, Storage } from "../../storage/storage.ts";
import type { Kinship } from "./kinship.ts";
import { LiveDocument } from "./live-document.ts";
import type { RemoteTarget, UpdateRequest } from "./update-request.ts";

/** The two methods of the storage that changing documents takes. */
export type DocumentStorage = Pick<Storage, "readDocuments" | "writeDocuments">;

/** How long a run's history became. */
export interface HistorySize
  extends Pick<DocumentRow, "id" | "environment" | "changeCount" | "changeBytes"> {}

/** The documents that one group touches, each read once. */
export class GroupRows {
  readonly #documents: ReadonlyMap<string, LiveDocument>;

  private constructor(documents: ReadonlyMap<string, LiveDocument>) {
    this.#documents = documents;
  }

  /** Reads the runs of all requests, and the parents and roots they write to; one query once the kinship is known. */
  static async read(
    storage: DocumentStorage,
    requests: readonly UpdateRequest[],
    kinship: Kinship,
    limitBytes: number,
  ): Promise<GroupRows> {
    const ids = new Set<string>();
    for (const request of requests) {
      ids.add(request.runId);
      for (const id of remoteIds(request, kinship)) ids.add(id);
    }
    const rows = await storage.readDocuments([...ids]);
    for (const row of rows) kinship.remember(row);

    const late = new Set<string>();
    for (const request of requests) {
      for (const id of remoteIds(request, kinship)) if (!ids.has(id)) late.add(id);
    }
    if (late.size > 0) rows.push(...(await storage.readDocuments([...late])));
    return new GroupRows(new Map(rows.map((row) => [row.id, new LiveDocument(row, limitBytes)])));
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

  /** What the group changed, and the histories of the documents that differ from the stored ones. */
  toWrites(): { writes: DocumentWrite[]; changed: HistorySize[] } {
    const writes: DocumentWrite[] = [];
    const changed: HistorySize[] = [];
    for (const document of this.#documents.values()) {
      const write = document.toWrite();
      if (write === undefined) continue;
      writes.push(write);
      if (write.change === undefined) continue;
      const { id, environment, changeCount, changeBytes } = document.row;
      const bytes = Buffer.byteLength(write.change.operations);
      changed.push({ id, environment, changeCount: changeCount + 1, changeBytes: changeBytes + bytes });
    }
    return { writes, changed };
  }
}

function remoteIds(request: UpdateRequest, kinship: Kinship): string[] {
  const { parentOperations = [], rootOperations = [] } = request.update;
  if (parentOperations.length === 0 && rootOperations.length === 0) return [];
  const kin: Partial<Pick<DocumentRow, "parentId" | "rootId">> = kinship.of(request.runId) ?? {};
  const ids: string[] = [];
  if (parentOperations.length > 0 && kin.parentId !== undefined) ids.push(kin.parentId);
  if (rootOperations.length > 0 && kin.rootId !== undefined) ids.push(kin.rootId);
  return ids;
}
