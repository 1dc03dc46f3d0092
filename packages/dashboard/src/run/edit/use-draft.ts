import { type JsonObject, jsonBytes } from "@runmeta/runtime/protocol";
import { useDeferredValue, useMemo, useState } from "react";
import { type ReadDocument, readDocument } from "../../ui/read-document.ts";
import { escapeInvisible } from "../text/visible-text.ts";
import {
  changedNames,
  conflictingNames,
  type EditRequest,
  editedDocument,
  editRequest,
  unseenConflicts,
} from "./edit-operations.ts";

/** A document that is being edited. */
export interface Draft {
  /** What the text began as; another one for another beginning. */
  readonly start: string;
  readonly read: ReadDocument;
  /** Bytes of the document that saving leads to; undefined while the text is none. */
  readonly bytes: number | undefined;
  /** Whether saving would change something. */
  readonly changes: boolean;
  /** Top-level names that somebody else changed to something else meanwhile. */
  readonly conflicts: readonly string[];
  /** Somebody else changed something, in conflict or not. */
  readonly overtaken: boolean;
  /**
   * What to send to a server that has `current`; undefined while the text is no document, and where somebody else has
   * changed what is changed here and {@link conflicts} does not show it yet.
   */
  request(current: JsonObject): EditRequest | undefined;
  type(text: string): void;
  /** Begins again with a document. */
  restart(document: JsonObject): void;
}

/** An edit of a document that others write to meanwhile. @param newest the document as it is now */
export function useDraft(newest: JsonObject): Draft {
  const [base, setBase] = useState(newest);
  const start = useMemo(() => textOf(base), [base]);
  const [typed, setTyped] = useState(start);
  // Reading a large document must not hold back the next key.
  const text = useDeferredValue(typed);
  // Until something is typed there is nothing to read or to compare: a large document opens at once.
  const read = useMemo<ReadDocument>(
    () => (text === start ? { ok: true, document: base } : readDocument(text)),
    [text, start, base],
  );
  const edited = read.ok ? read.document : undefined;
  const bytes = useMemo(
    () => (edited === undefined ? undefined : jsonBytes(editedDocument(base, edited, newest))),
    [base, edited, newest],
  );
  const conflicts = useMemo(
    () => (edited === undefined ? [] : conflictingNames(base, edited, newest)),
    [base, edited, newest],
  );
  const changes = useMemo(
    () => edited !== undefined && changedNames(base, edited).length > 0,
    [base, edited],
  );
  return {
    start,
    read,
    bytes,
    changes,
    conflicts,
    overtaken: newest !== base,
    request(current) {
      if (edited === undefined || text !== typed) return undefined;
      if (unseenConflicts(base, edited, newest, current).length > 0) return undefined;
      return editRequest(base, edited, current);
    },
    type: setTyped,
    restart(document) {
      setBase(document);
      setTyped(textOf(document));
    },
  };
}

function textOf(document: JsonObject): string {
  return escapeInvisible(JSON.stringify(document, null, 2));
}
