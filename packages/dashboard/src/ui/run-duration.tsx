import { isEnded } from "@runmeta/runtime/protocol";
import { useNow } from "../live/use-now.ts";
import { formatDuration } from "./format-time.ts";

/** What a run's duration is read from. */
export interface TimedRun {
  readonly status: string;
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
}

/** From the start of a run to its end, or until now. */
export function RunDuration({ run }: { readonly run: TimedRun }) {
  if (run.startedAt === undefined) return <span className="muted">–</span>;
  const startedAt = Date.parse(run.startedAt);
  if (!isEnded(run.status)) return <Ticking startedAt={startedAt} />;
  const finishedAt = run.finishedAt === undefined ? startedAt : Date.parse(run.finishedAt);
  return <span className="number">{formatDuration(finishedAt - startedAt)}</span>;
}

function Ticking({ startedAt }: { readonly startedAt: number }) {
  const now = useNow();
  return <span className="number">{formatDuration(Math.max(0, now - startedAt))}</span>;
}
