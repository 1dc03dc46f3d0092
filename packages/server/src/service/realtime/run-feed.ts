import type { GroupRead, RunGroup, RunRow, Storage } from "../../storage/storage.ts";
import type { Clock } from "../clock.ts";
import type { RunChanges } from "../run-changes.ts";
import { GroupWaits } from "./group-waits.ts";
import { SharedReads } from "./shared-reads.ts";
import { WrittenOnce } from "./written-once.ts";

/** Runs read in one statement, each with payload and output. */
const MAX_RUNS_READ = 100;
/** Groups read at the same time. */
const MAX_GROUPS_READ = 4;
/** Who waits at once, in this process. Each costs a few kilobytes. */
const MAX_SUBSCRIBERS = 10_000;

/** What the feed works with. */
export interface RunFeedDependencies {
  readonly storage: Pick<Storage, "findRuns" | "findMemberships" | "readGroup">;
  readonly changes: RunChanges;
  readonly clock: Clock;
  /** @default 10,000 */
  readonly maxSubscribers?: number | undefined;
}

/**
 * The state of runs for those who follow them. A run is read once for all who follow it and at most as often as reads
 * take, so a run that changes faster is seen in its newest state and nothing queues up. It never answers with a state
 * older than one that it or another server gave before.
 */
export class RunFeed {
  readonly #with: RunFeedDependencies;
  readonly #runs = new Map<string, SharedReads<string, WrittenOnce<RunRow>>>();
  readonly #groups: SharedReads<string, WrittenOnce<GroupRead>>;
  readonly #groupWaits: GroupWaits;
  #subscribers = 0;

  constructor(dependencies: RunFeedDependencies) {
    const { storage, changes, clock } = dependencies;
    this.#with = dependencies;
    this.#groupWaits = new GroupWaits(storage, changes, clock);
    this.#groups = new SharedReads(async (keys) => {
      const found = await Promise.all(keys.map((key) => readGroup(storage, key)));
      return new Map(
        found.flatMap((read, index) => (read ? [[keys[index] ?? "", new WrittenOnce(read)]] : [])),
      );
    }, MAX_GROUPS_READ);
  }

  /** True when as many follow runs as there is room for; ask again later. */
  get full(): boolean {
    return this.#subscribers >= (this.#with.maxSubscribers ?? MAX_SUBSCRIBERS);
  }

  /** Counts somebody who follows runs until the returned function is called. */
  enter(): () => void {
    this.#subscribers++;
    return () => void this.#subscribers--;
  }

  /** True once the server is closing: nothing is waited for any more. */
  get closed(): boolean {
    return this.#with.changes.closed;
  }

  /** A run as it is now; undefined when this environment has none of that id. */
  run(environment: string, id: string): Promise<WrittenOnce<RunRow> | undefined> {
    let reads = this.#runs.get(environment);
    if (reads === undefined) {
      reads = new SharedReads(async (ids) => {
        const rows = await this.#with.storage.findRuns(environment, ids);
        return new Map(rows.map((row) => [row.id, new WrittenOnce(row)]));
      }, MAX_RUNS_READ);
      this.#runs.set(environment, reads);
    }
    return reads.get(id);
  }

  /**
   * A run as it is now, and then whatever is newer: what happens from this call on is not missed, so that waiting after
   * having looked takes no second look. To be stopped, unless `after` was called.
   */
  follow(environment: string, id: string, timeoutMs: number, signal?: AbortSignal): FollowedRun {
    const listen = (leftMs: number) => this.#with.changes.next(id, leftMs, signal);
    const untilMs = this.#with.clock.now().getTime() + timeoutMs;
    const wait = listen(timeoutMs);
    const run = this.run(environment, id);
    const after = (version: number) => {
      let read = () => run;
      const look = async (over: boolean) => {
        const found = await read();
        read = () => this.run(environment, id);
        if (found !== undefined && found.value.version > version) return found;
        return over || found === undefined ? null : undefined;
      };
      return this.#when(untilMs, wait, listen, look, signal);
    };
    return { run, after, stop: () => wait.stop() };
  }

  /** The run once it is newer than `version`; undefined when it is not within `timeoutMs`, or is gone. */
  runAfter(
    environment: string,
    id: string,
    version: number,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<WrittenOnce<RunRow> | undefined> {
    return this.follow(environment, id, timeoutMs, signal).after(version);
  }

  /** A group as it is now, or what changed in it since a position; undefined when that cannot be told. */
  group(group: RunGroup, since?: string): Promise<WrittenOnce<GroupRead> | undefined> {
    return this.#groups.get(groupKey(group, since));
  }

  /** What changed in a group since a position, as soon as something has; after `timeoutMs` nothing, with a new position. */
  async groupAfter(
    group: RunGroup,
    since: string,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<WrittenOnce<GroupRead> | undefined> {
    const listen = (leftMs: number) => this.#groupWaits.next(group, leftMs, signal);
    const untilMs = this.#with.clock.now().getTime() + timeoutMs;
    const look = async (over: boolean) => {
      const read = await this.group(group, since);
      if (read === undefined) return null;
      return over || read.value.runs.length > 0 ? read : undefined;
    };
    return await this.#when(untilMs, listen(timeoutMs), listen, look, signal);
  }

  /** Ends every wait for a group; those for a run end with the changes. */
  close(): void {
    this.#groupWaits.close();
  }

  /** Looks, waits for a change and looks again until `look` is content; null stands for nothing. */
  async #when<Found>(
    untilMs: number,
    first: Wait,
    listen: (leftMs: number) => Wait,
    look: (over: boolean) => Promise<Found | null | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<Found | undefined> {
    let wait = first;
    for (let over = false; ; ) {
      try {
        const found = await look(over);
        if (found !== undefined) return found ?? undefined;
        over = !(await wait.changed);
        // Nobody reads the answer any more, and the storage may be closed by the time a look at it is due.
        if (over && (this.closed || signal?.aborted === true)) return undefined;
      } finally {
        wait.stop();
      }
      wait = listen(Math.max(0, untilMs - this.#with.clock.now().getTime()));
    }
  }
}

/** A wait for one change: true when it came. */
interface Wait {
  readonly changed: Promise<boolean>;
  stop(): void;
}

/** A run that somebody follows. */
export interface FollowedRun {
  /** Undefined when the environment has no run of that id. */
  readonly run: Promise<WrittenOnce<RunRow> | undefined>;
  /** The run once it is newer than a version; undefined when it is not in time, or is gone. Once. */
  after(version: number): Promise<WrittenOnce<RunRow> | undefined>;
  stop(): void;
}

type GroupKey = readonly [RunGroup, createdFromMs: number | null, since: string | null];

/** The same text for the same question. */
function groupKey({ createdFrom, ...group }: RunGroup, since: string | undefined): string {
  return JSON.stringify([group, createdFrom?.getTime() ?? null, since ?? null] satisfies GroupKey);
}

function readGroup(storage: Pick<Storage, "readGroup">, key: string): Promise<GroupRead | undefined> {
  // Made by the function above.
  const [group, createdFromMs, since] = JSON.parse(key) as GroupKey;
  const createdFrom = createdFromMs === null ? undefined : new Date(createdFromMs);
  return storage.readGroup({ ...group, createdFrom }, since ?? undefined);
}
