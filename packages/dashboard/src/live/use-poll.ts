import { useEffect, useRef } from "react";
import type { Answer } from "../api/fault.ts";
import { connection } from "./connection.ts";

/** Longest pause between two tries while nobody answers, in milliseconds. */
const LONGEST_PAUSE_MS = 5_000;

/** A round that takes longer is not live any more, in milliseconds. */
const SLOW_MS = 4_000;

/** What one round gives: undefined when it was ended by its signal. */
type Round = (signal: AbortSignal) => Promise<Answer<unknown> | undefined>;

/**
 * Runs a round now, and again `everyMs` after each one has ended, while the tab is visible; one at a time. Says to
 * {@link connection} how it went. When nobody answers it is tried less often, and at once when the machine is online
 * again or the tab is looked at.
 *
 * @param key a round with another key starts at once, and the one under way is ended
 */
export function usePoll(key: string, everyMs: number, round: Round): void {
  const latest = useRef({ round, everyMs });
  latest.current = { round, everyMs };
  // biome-ignore lint/correctness/useExhaustiveDependencies: another key is another poll
  useEffect(() => {
    const end = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let busy = false;
    const turn = async () => {
      clearTimeout(timer);
      if (busy || document.visibilityState === "hidden") return;
      busy = true;
      const slow = setTimeout(() => connection.lost(), SLOW_MS);
      const answer = await latest.current.round(end.signal);
      clearTimeout(slow);
      busy = false;
      if (answer === undefined || end.signal.aborted) return;
      if (!answer.ok && answer.fault.kind === "signed-out") return;
      const offline = !answer.ok && answer.fault.kind === "offline";
      failures = offline ? failures + 1 : 0;
      if (offline) connection.lost();
      else connection.good();
      const pauseMs = offline ? Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures) : latest.current.everyMs;
      timer = setTimeout(turn, pauseMs);
    };
    void turn();
    const again = () => void turn();
    window.addEventListener("online", again);
    document.addEventListener("visibilitychange", again);
    return () => {
      end.abort();
      clearTimeout(timer);
      window.removeEventListener("online", again);
      document.removeEventListener("visibilitychange", again);
      connection.rest();
    };
  }, [key]);
}
