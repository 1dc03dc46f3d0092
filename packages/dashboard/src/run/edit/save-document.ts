import type { JsonObject } from "@runmeta/runtime/protocol";
import { call } from "../../api/call.ts";
import type { EditRequest } from "./edit-operations.ts";

/** Writes an edit; the answer is the document as it is now. Said twice it is done once: it says what, not by how much. */
export function saveDocument(id: string, edit: EditRequest) {
  return call<{ metadata: JsonObject }>({
    method: "PUT",
    path: `/api/v1/runs/${encodeURIComponent(id)}/metadata`,
    body: edit,
  });
}
