import { useNow } from "../live/use-now.ts";
import { formatAbsolute, formatRelative } from "./format-time.ts";
import { useTimeStyle } from "./time-style.ts";

/** A point in time, as the reader wants it: relative and kept current, or absolute. The title has the other one. */
export function Time({ at }: { readonly at: string | undefined }) {
  const [style] = useTimeStyle();
  const now = useNow();
  if (at === undefined) return <span className="muted">–</span>;
  const relative = formatRelative(new Date(at), now);
  const absolute = formatAbsolute(new Date(at));
  return (
    <time dateTime={at} title={style === "relative" ? absolute : relative}>
      {style === "relative" ? relative : absolute}
    </time>
  );
}
