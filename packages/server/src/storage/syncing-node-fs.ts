import { fsyncSync } from "node:fs";
import type { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";

/** The parts of Emscripten's file system on Node that are extended; internal to PGlite, so checked before use. */
interface NodeFileSystem {
  readonly tryFSOperation: <T>(operation: () => T) => T;
  readonly stream_ops: { fsync?: (stream: { readonly nfd: number }) => void };
}

/**
 * PGlite's file system for Node with `fsync`. As shipped, `fsync` of a file reaches a stream operation that Node's
 * file system does not have, and so does nothing: what PostgreSQL believes to be on disk is lost in a power cut.
 * A sync that fails reaches PostgreSQL as an I/O error, which stops the database, as it should.
 */
export class SyncingNodeFs extends NodeFS {
  /** How many files have been synced since the start. */
  syncCount = 0;
  readonly #onSync: ((descriptor: number) => void) | undefined;

  /** `onSync` sees each descriptor right after it was synced (for tests of what a power cut leaves). */
  constructor(directory: string, onSync?: (descriptor: number) => void) {
    super(directory);
    this.#onSync = onSync;
  }

  override async init(pg: PGlite, options: Parameters<NodeFS["init"]>[1]): ReturnType<NodeFS["init"]> {
    const { emscriptenOpts } = await super.init(pg, options);
    const addFsync = (module: { readonly NODEFS?: Partial<NodeFileSystem> }): void => {
      const { tryFSOperation, stream_ops: operations } = module.NODEFS ?? {};
      // Left as it is when PGlite has changed inside: the durability self-test then refuses to start.
      if (tryFSOperation === undefined || operations === undefined) return;
      operations.fsync = (stream) => tryFSOperation(() => this.#sync(stream.nfd));
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), addFsync] } };
  }

  #sync(descriptor: number): void {
    fsyncSync(descriptor);
    this.syncCount++;
    this.#onSync?.(descriptor);
  }
}
