import type { JsonObject } from "@runmeta/runtime/protocol";
import { useEffect, useRef, useState } from "react";
import { call } from "../../api/call.ts";
import { type HistoryAnswer, lastVersion, type RunHistory, withAnswer } from "./run-history.ts";

/** At most this often; what changed meanwhile comes together. */
const MIN_INTERVAL_MS = 400;
/** While nobody answers. */
const OFFLINE_PAUSE_MS = 2_000;

/**
 * How a run's document became what it is; asked for again, from where it ended, when the document has changed. Undefined
 * until the first answer.
 */
export function useHistory(id: string, document: JsonObject | undefined): RunHistory | undefined {
  const [history, setHistory] = useState<RunHistory>();
  const known = useRef<RunHistory>(undefined);
  const wanted = useRef<() => void>(undefined);

  useEffect(() => {
    const end = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asking = false;
    let again = false;
    const ask = async () => {
      timer = undefined;
      asking = true;
      again = false;
      const after = known.current === undefined ? undefined : String(lastVersion(known.current));
      const answer = await call<HistoryAnswer>({
        path: `/api/v1/runs/${encodeURIComponent(id)}/metadata/history`,
        query: { after },
        signal: end.signal,
      });
      asking = false;
      if (end.signal.aborted) return;
      if (answer?.ok) {
        known.current = withAnswer(known.current, answer.value);
        setHistory(known.current);
        if (again) plan(MIN_INTERVAL_MS);
      } else if (answer?.fault.kind === "offline") plan(OFFLINE_PAUSE_MS);
    };
    const plan = (pauseMs: number) => {
      if (asking) again = true;
      else timer ??= setTimeout(ask, pauseMs);
    };
    wanted.current = () => plan(known.current === undefined ? 0 : MIN_INTERVAL_MS);
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  }, [id]);

  useEffect(() => {
    if (document !== undefined) wanted.current?.();
  }, [document]);

  return history;
}
