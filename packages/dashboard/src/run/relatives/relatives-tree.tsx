import type { JsonObject } from "@runmeta/runtime/protocol";
import { type ReactNode, useMemo } from "react";
import { Link } from "wouter";
import type { RetrievedRun } from "../../api/runs.ts";
import { progressOf } from "../../progress/progress-of.ts";
import { ProgressBar } from "../../ui/progress-bar.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { ShownText } from "../text/shown-text.tsx";
import type { Relatives } from "./use-relatives.ts";

type RelatedRun = NonNullable<Relatives["parent"]>;

interface RelativesTreeProps {
  readonly run: RetrievedRun;
  readonly document: JsonObject;
  readonly relatives: Relatives;
}

/** Root, parent, the run itself and its children, each below the one that started it, with how far they are. */
export function RelativesTree({ run, document, relatives }: RelativesTreeProps) {
  const { root, parent, children = [] } = relatives;
  const rootIsApart = root !== undefined && root.id !== parent?.id && root.id !== run.id;
  if (!rootIsApart && parent === undefined && children.length === 0) return null;
  const own = (
    <Relative run={run} document={document} here>
      {children.length === 0 ? null : (
        <ul>
          {children.map((child) => (
            <Relative key={child.id} run={child} document={child.metadata} />
          ))}
        </ul>
      )}
    </Relative>
  );
  const fromParent =
    parent === undefined ? (
      own
    ) : (
      <Relative run={parent} document={parent.metadata}>
        <ul>{own}</ul>
      </Relative>
    );
  return (
    <section className="panel" aria-labelledby="relatives-title">
      <h2 id="relatives-title">Related runs</h2>
      <ul className="relatives">
        {rootIsApart ? (
          <Relative run={root} document={root.metadata}>
            <ul>
              {run.depth > 2 ? <li className="relatives-gap muted">…</li> : null}
              {fromParent}
            </ul>
          </Relative>
        ) : (
          fromParent
        )}
      </ul>
    </section>
  );
}

interface RelativeProps {
  readonly run: Pick<RelatedRun, "id" | "status" | "taskIdentifier">;
  readonly document: JsonObject | undefined;
  readonly here?: boolean;
  readonly children?: ReactNode;
}

function Relative({ run, document, here = false, children }: RelativeProps) {
  const progress = useMemo(() => progressOf(document), [document]);
  return (
    <li>
      <div className="relative" data-here={here || undefined}>
        <span className="relative-name">
          {here ? (
            <strong aria-current="page">
              <ShownText text={run.taskIdentifier} />
            </strong>
          ) : (
            <Link href={`/runs/${encodeURIComponent(run.id)}`}>
              <ShownText text={run.taskIdentifier} />
            </Link>
          )}
          <code className="muted cut">{run.id}</code>
        </span>
        {progress === undefined ? null : <ProgressBar progress={progress} label={`Progress of ${run.id}`} />}
        <StatusBadge status={run.status} />
      </div>
      {children}
    </li>
  );
}
