import { jsonBytes } from "@runmeta/runtime/protocol";
import { useMemo } from "react";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { formatBytes } from "../../ui/format-bytes.ts";
import { cutText } from "../text/cut-text.ts";
import { ShownText } from "../text/shown-text.tsx";
import { type DocumentRow, rowPath } from "./document-rows.ts";
import { metadataPath } from "./metadata-path.ts";
import { isLongText } from "./value-text.tsx";

const MAX_SHOWN_PATH = 300;

interface ActiveRowProps {
  readonly row: DocumentRow | undefined;
  readonly onShowAll: (row: DocumentRow) => void;
}

/** Where the active row stands, what it takes, and what can be done with it: also for who has no mouse. */
export function ActiveRow({ row, onShowAll }: ActiveRowProps) {
  const value = row?.value;
  const bytes = useMemo(() => (value === undefined ? 0 : jsonBytes(value)), [value]);
  if (row === undefined || value === undefined) return null;
  const path = metadataPath(rowPath(row));
  return (
    <div className="active-row">
      <code className="cut" title={path.settable ? "" : "metadata.set has no key for this place"}>
        <ShownText text={cutText(path.text, MAX_SHOWN_PATH)} />
      </code>
      <span className="muted number">{formatBytes(bytes)}</span>
      <CopyButton text={() => path.text} label="Copy path" />
      <CopyButton text={() => JSON.stringify(value, null, 2)} label="Copy JSON" />
      {isLongText(value) ? (
        <Button kind="quiet" onClick={() => onShowAll(row)}>
          Show all
        </Button>
      ) : null}
    </div>
  );
}
