import { useEffect, useState } from "react";
import { useConnection } from "./connection.ts";

/**
 * The time, every `everyMs` while the tab is visible. While the connection is lost it is the time of the last good
 * answer: a duration that went on counting would be a claim about a run that nobody can see.
 */
export function useNow(everyMs = 1_000): number {
  const { status, lastGoodAt } = useConnection();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const tick = () => {
      if (document.visibilityState === "visible") setNow(Date.now());
    };
    const timer = setInterval(tick, everyMs);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [everyMs]);
  return status === "lost" && lastGoodAt > 0 ? lastGoodAt : now;
}
