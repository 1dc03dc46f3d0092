import { IDEMPOTENCY_KEY_HEADER } from "@runmeta/runtime/protocol";
import { type PutMetadataBody, putMetadataBody } from "@runmeta/runtime/protocol/schemas";
import type { EndpointRun } from "./endpoint-run.ts";
import { ownOperations } from "./own-operations.ts";
import type { RecordedRequest } from "./recorded-request.ts";
import type { RunNotes } from "./run-notes.ts";

/** Where {@link StoredNotes} writes. */
export interface NotedRuns {
  find(id: string): EndpointRun | undefined;
  notesOf(id: string): RunNotes;
  /** Brings a run's document up to date. */
  refresh(run: EndpointRun): void | Promise<void>;
  now(): number;
}

const metadataPath = /\/api\/v1\/runs\/([^/]+)\/metadata$/;

/** Notes what metadata requests stored, as their answers say: batches of a run's own, and writes that arrived from others. */
export class StoredNotes {
  readonly #runs: NotedRuns;
  readonly #known = new Set<string>();

  constructor(runs: NotedRuns) {
    this.#runs = runs;
  }

  async note(request: RecordedRequest, response: Response): Promise<void> {
    if (request.method !== "PUT" || response.status !== 200) return;
    const id = metadataPath.exec(new URL(request.url).pathname)?.[1];
    const run = id === undefined ? undefined : this.#runs.find(decodeURIComponent(id));
    const body = putMetadataBody.safeParse(request.body);
    if (run === undefined || !body.success || this.#repeats(run, request)) return;
    const operations = ownOperations(body.data);
    const { stored } = this.#runs.notesOf(run.id);
    if (operations.length > 0) stored.push({ at: this.#runs.now(), attempt: run.attempt, operations });
    await this.#noteArrivals(run, body.data, response);
  }

  #repeats(run: EndpointRun, { headers }: RecordedRequest): boolean {
    const key = headers[IDEMPOTENCY_KEY_HEADER];
    if (key === undefined) return false;
    const known = this.#known.has(`${run.id} ${key}`);
    this.#known.add(`${run.id} ${key}`);
    return known;
  }

  async #noteArrivals(run: EndpointRun, body: PutMetadataBody, response: Response): Promise<void> {
    const lists = { parent: body.parentOperations ?? [], root: body.rootOperations ?? [] };
    if (lists.parent.length + lists.root.length === 0) return;
    const remarks = await remarksIn(response);
    for (const target of ["parent", "root"] as const) {
      const other = this.#runs.find((target === "parent" ? run.parentId : run.rootId) ?? run.id);
      if (lists[target].length === 0 || other === undefined || remarks.refused.has(target)) continue;
      await this.#runs.refresh(other);
      const document = other.document.current;
      for (const operation of lists[target]) {
        if (operation.type !== "update" && remarks.ineffective.has(`${target} ${operation.key}`)) continue;
        const { timeline } = this.#runs.notesOf(other.id);
        timeline.push({ at: this.#runs.now(), attempt: other.attempt, operation, document, by: run.id });
      }
    }
  }
}

interface Remarks {
  readonly refused: ReadonlySet<string>;
  readonly ineffective: ReadonlySet<string>;
}

/** What the answer says about writes to other runs. */
async function remarksIn(response: Response): Promise<Remarks> {
  const reply = (await response
    .clone()
    .json()
    .catch(() => ({}))) as {
    refused?: { target: string }[];
    ineffective?: { target: string; key: string }[];
  };
  return {
    refused: new Set(reply.refused?.map(({ target }) => target)),
    ineffective: new Set(reply.ineffective?.map(({ target, key }) => `${target} ${key}`)),
  };
}
