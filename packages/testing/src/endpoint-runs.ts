import type { JsonObject } from "@runmeta/runtime/protocol";
import { type EndpointRun, hasEnded, type StoredPacket } from "./endpoint-run.ts";
import { RunDocument } from "./run-document.ts";
import { StoredStreams } from "./stored-streams.ts";

/** What a new run is made of. */
export interface NewRun {
  readonly id?: string | undefined;
  readonly task?: string | undefined;
  readonly metadata?: JsonObject | undefined;
  readonly payload?: StoredPacket | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly parentId?: string | undefined;
  readonly rootId?: string | undefined;
  readonly batchId?: string | undefined;
  readonly maxAttempts?: number | undefined;
  readonly isTest?: boolean | undefined;
  readonly createdAt: number;
}

/** How a run ended. */
export type RunEnd = Pick<EndpointRun, "status" | "output" | "error"> & { readonly finishedAt: number };

/** All runs that one endpoint knows. */
export class EndpointRuns {
  readonly #runs = new Map<string, EndpointRun>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #limitBytes: number;
  readonly #idPrefix: string;
  #made = 0;

  /** @param idPrefix in front of the number that makes an id */
  constructor(limitBytes: number, idPrefix: string) {
    this.#limitBytes = limitBytes;
    this.#idPrefix = idPrefix;
  }

  find(id: string): EndpointRun | undefined {
    return this.#runs.get(id);
  }

  all(): readonly EndpointRun[] {
    return [...this.#runs.values()];
  }

  create(run: NewRun): EndpointRun {
    const parent = run.parentId === undefined ? undefined : this.find(run.parentId);
    const created: EndpointRun = {
      id: run.id ?? this.newId(),
      task: run.task ?? "run",
      document: new RunDocument(run.metadata ?? {}, this.#limitBytes),
      streams: new StoredStreams(),
      initialMetadata: run.metadata ?? {},
      payload: run.payload ?? { data: undefined, dataType: "application/json" },
      tags: run.tags ?? [],
      parentId: run.parentId,
      rootId: run.rootId ?? parent?.rootId ?? run.parentId,
      batchId: run.batchId,
      maxAttempts: run.maxAttempts,
      createdAt: run.createdAt,
      isTest: run.isTest ?? false,
      status: "QUEUED",
      attempt: 0,
      holder: undefined,
      startedAt: undefined,
      finishedAt: undefined,
      output: undefined,
      error: undefined,
    };
    this.#runs.set(created.id, created);
    return created;
  }

  start(run: EndpointRun, attempt: number, at: number, holder?: string): void {
    run.holder = holder;
    run.status = "EXECUTING";
    run.attempt = attempt;
    run.startedAt ??= at;
  }

  /** Another attempt follows. */
  release(run: EndpointRun): void {
    run.status = "QUEUED";
    run.holder = undefined;
  }

  /** The first word stands. */
  end(run: EndpointRun, end: RunEnd): void {
    if (hasEnded(run)) return;
    Object.assign(run, end);
    for (const wake of this.#waiting.get(run.id) ?? []) wake();
    this.#waiting.delete(run.id);
  }

  /** Calls back when the run has ended; gives a function that takes this back. */
  onEnd(run: EndpointRun, wake: () => void): () => void {
    const waiting = this.#waiting.get(run.id) ?? new Set();
    this.#waiting.set(run.id, waiting.add(wake));
    return () => void waiting.delete(wake);
  }

  /** An id that no run has yet. Numbered, so that what a test prints is the same each time. */
  newId(): string {
    do this.#made += 1;
    while (this.#runs.has(`${this.#idPrefix}${this.#made}`));
    return `${this.#idPrefix}${this.#made}`;
  }
}
