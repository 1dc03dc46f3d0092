import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { usePoll } from "../live/use-poll.ts";
import { CursorList, type ListSource, type ListState, type VisibleRange } from "./cursor-list.ts";
import type { Identified } from "./merge-slice.ts";

/** Before anything is measured. */
const FIRST_SCREEN: VisibleRange = { first: 0, last: 30 };

/**
 * A live list. What the screen shows is told with `show`.
 *
 * @param key another key is another list (other filters)
 * @param everyMs how often what is on the screen is read again
 */
export function useCursorList<Row extends Identified>(
  key: string,
  source: ListSource<Row>,
  everyMs: number,
): ListState<Row> & { show(range: VisibleRange): void } {
  const range = useRef(FIRST_SCREEN);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says whether the source is another one
  const list = useMemo(() => new CursorList(source), [key]);
  const state = useSyncExternalStore(list.listen, list.state);
  usePoll(key, everyMs, (signal) => list.refresh(range.current, signal));
  useEffect(() => {
    range.current = FIRST_SCREEN;
    return () => list.close();
  }, [list]);
  return {
    ...state,
    show(next) {
      range.current = next;
      list.loadMore(next);
    },
  };
}
