import type { JsonObject } from "@runmeta/runtime/protocol";
import { Button } from "../../ui/button.tsx";
import { ValueText } from "../document/value-text.tsx";
import { cutText } from "../text/cut-text.ts";
import { ShownText } from "../text/shown-text.tsx";

interface ConflictNoteProps {
  /** What was changed here and by somebody else. */
  readonly names: readonly string[];
  readonly newest: JsonObject;
  readonly onTakeNewest: () => void;
}

const MAX_SHOWN = 5;
const MAX_NAME = 60;

/** Says that the document has changed under an edit: what it is now, and what saving does to it. */
export function ConflictNote({ names, newest, onTakeNewest }: ConflictNoteProps) {
  const inConflict = names.length > 0;
  return (
    <div className={inConflict ? "note conflict note-bad" : "note conflict"} role="status">
      <div>
        <p>
          {inConflict
            ? "Somebody changed what you changed. It is now:"
            : "The document changed meanwhile. Saving keeps what you did not touch as it is now."}
        </p>
        {inConflict ? (
          <ul>
            {names.slice(0, MAX_SHOWN).map((name) => (
              <li className="cut" key={name}>
                <ShownText text={cutText(name, MAX_NAME)} />:{" "}
                {Object.hasOwn(newest, name) ? (
                  <ValueText value={newest[name] ?? null} open={false} />
                ) : (
                  <span className="muted">gone</span>
                )}
              </li>
            ))}
            {names.length > MAX_SHOWN ? <li>and {names.length - MAX_SHOWN} more</li> : null}
          </ul>
        ) : null}
      </div>
      <Button onClick={onTakeNewest}>Start over with the newest</Button>
    </div>
  );
}
