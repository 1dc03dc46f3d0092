import type { JsonObject, JsonValue } from "@runmeta/runtime/protocol";
import { useId } from "react";
import { CopyButton } from "../../ui/copy-button.tsx";
import { DocumentTree } from "../document/document-tree.tsx";
import { TextBlocks } from "../text/full-text.tsx";

/** What a run was given, or gave: any JSON value. */
export function PacketPanel({ title, value }: { readonly title: string; readonly value: unknown }) {
  const titleId = useId();
  // It came as JSON.
  const json = value as JsonValue;
  return (
    <section className="panel" aria-labelledby={titleId}>
      <header className="panel-head">
        <h2 id={titleId}>{title}</h2>
        <CopyButton text={() => (typeof json === "string" ? json : JSON.stringify(json, null, 2))} />
      </header>
      {isContainer(json) ? (
        <DocumentTree document={json} label={title} />
      ) : (
        <TextBlocks text={typeof json === "string" ? json : String(json)} />
      )}
    </section>
  );
}

function isContainer(value: JsonValue): value is JsonObject | JsonValue[] {
  return typeof value === "object" && value !== null;
}
