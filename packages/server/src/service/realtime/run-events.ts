import { isEnded } from "@runmeta/runtime/protocol";
import type { GroupRead, RunGroup, RunRow } from "../../storage/storage.ts";
import { retrievedRun } from "../run-view.ts";
import type { RunFeed } from "./run-feed.ts";
import type { WrittenOnce } from "./written-once.ts";

/** Proxies close what is silent for a minute. A change that nobody announced is found at a heartbeat, too. */
const HEARTBEAT_MS = 15_000;

/**
 * A run as server-sent events: as it is, unless the reader has that version, then after each change, until it has
 * ended, or is deleted. A change that comes while the last one is being taken is left out when another follows: what comes is the
 * newest. Ends when storage fails, too: a reader that comes back is told the rest.
 */
export async function* runEvents(
  feed: RunFeed,
  run: WrittenOnce<RunRow>,
  knownVersion: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { environment, id } = run.value;
  let version = knownVersion ?? -1;
  let next: WrittenOnce<RunRow> | undefined = run.value.version > version ? run : undefined;
  while (!signal.aborted) {
    if (next === undefined) yield ": heartbeat\n\n";
    else {
      version = next.value.version;
      yield next.text("event", runEvent);
      if (isEnded(next.value.status)) return;
    }
    if (feed.closed) return;
    try {
      next = await feed.runAfter(environment, id, version, HEARTBEAT_MS, signal);
      // Deleted meanwhile.
      if (next === undefined && (await feed.run(environment, id)) === undefined) return;
    } catch {
      return;
    }
  }
}

/**
 * The runs of a group as server-sent events, several in one: all of them, unless the reader comes back, then those that
 * changed, each in its newest state. Has no end.
 */
export async function* groupEvents(
  feed: RunFeed,
  group: RunGroup,
  look: WrittenOnce<GroupRead>,
  resumed: boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let next = look;
  for (let quiet = resumed; !signal.aborted; quiet = true) {
    const { runs, position } = next.value;
    // A heartbeat has an id as well: the older a position, the more has to be looked through.
    yield quiet && runs.length === 0 ? `id: ${position}\n: heartbeat\n\n` : next.text("event", groupEvent);
    if (feed.closed) return;
    try {
      const changed = await feed.groupAfter(group, position, HEARTBEAT_MS, signal);
      if (changed === undefined && (feed.closed || signal.aborted)) return;
      const all = changed ?? (await feed.group(group));
      if (all === undefined) return;
      next = all;
    } catch {
      return;
    }
  }
}

function runEvent(run: RunRow): string {
  return `id: ${run.version}\ndata: ${JSON.stringify(alone(run))}\n\n`;
}

function groupEvent({ runs, position }: GroupRead): string {
  return `id: ${position}\ndata: ${JSON.stringify(runs.map(alone))}\n\n`;
}

/** Relatives have events of their own; a run's would not come when they change. */
function alone(run: RunRow) {
  return retrievedRun({ run, parent: undefined, root: undefined, children: [] });
}
