import { useEffect, useState, useSyncExternalStore } from "react";
import { type FeedState, RunFeed } from "./run-feed.ts";

/** Follows a run while the page is there. Another id needs another component. */
export function useRunFeed(id: string): { readonly feed: RunFeed; readonly state: FeedState } {
  const [feed] = useState(() => new RunFeed(id));
  useEffect(() => feed.start(), [feed]);
  return { feed, state: useSyncExternalStore(feed.listen, feed.state) };
}
