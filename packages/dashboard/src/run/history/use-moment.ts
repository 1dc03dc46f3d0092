import type { JsonObject } from "@runmeta/runtime/protocol";
import { useDeferredValue, useMemo, useState } from "react";
import { shareUnchanged } from "../document/share-unchanged.ts";
import { type HistoryChange, momentAt, type RunHistory } from "./run-history.ts";
import { Timeline } from "./timeline.ts";

/** The document as it was. */
export interface Moment {
  /** How many changes of the history had been made. */
  readonly index: number;
  /** ISO time. */
  readonly at: string;
  /** What was written then; undefined for the beginning. */
  readonly change: HistoryChange | undefined;
  readonly document: JsonObject;
  /** Ids of the rows that were changed then. */
  readonly changed: ReadonlySet<string>;
}

/** Which moment is looked at. */
export interface MomentChoice {
  /** Undefined: now. */
  readonly moment: Moment | undefined;
  /** The change that is looked at, as a number of changes made; all of them for now. */
  readonly index: number;
  /** Looks at the document after so many changes; all of them while that is not the newest are a moment, too. */
  choose(index: number): void;
  backToLive(): void;
}

/** A moment stays the same one while the history goes on behind it. */
export function useMoment(history: RunHistory | undefined): MomentChoice {
  const [version, setVersion] = useState<number>();
  const timeline = useMemo(() => history && new Timeline(history), [history]);
  // The thumb of the slider moves at once, the document follows.
  const shownVersion = useDeferredValue(version);
  const base = history?.base.version;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was does not change while the history grows
  const moment = useMemo(
    () =>
      timeline === undefined || shownVersion === undefined ? undefined : momentOf(timeline, shownVersion),
    [base, shownVersion],
  );
  return {
    moment: version === undefined ? undefined : moment,
    index:
      history === undefined ? 0 : version === undefined ? history.changes.length : indexOf(history, version),
    choose(index) {
      if (history !== undefined) setVersion(history.changes[index - 1]?.version ?? history.base.version);
    },
    backToLive: () => setVersion(undefined),
  };
}

function momentOf(timeline: Timeline, version: number): Moment {
  const { history } = timeline;
  const index = indexOf(history, version);
  const before = timeline.documentAt(Math.max(0, index - 1));
  const { document, changed } = shareUnchanged(before, timeline.documentAt(index));
  return { index, at: momentAt(history, index), change: history.changes[index - 1], document, changed };
}

/** What was folded into the base meanwhile is the base. */
function indexOf(history: RunHistory, version: number): number {
  return history.changes.findIndex((change) => change.version === version) + 1;
}
