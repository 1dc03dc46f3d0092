import type { JsonObject, JsonValue } from "./json.ts";

/** One change to a document, as it travels in `PUT /api/v1/runs/{runId}/metadata`. */
export type Operation =
  | { type: "set"; key: string; value: JsonValue }
  | { type: "delete"; key: string }
  | { type: "append"; key: string; value: JsonValue }
  | { type: "remove"; key: string; value: JsonValue }
  | { type: "increment"; key: string; value: number }
  | { type: "update"; value: JsonObject };
