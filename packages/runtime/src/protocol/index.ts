export type { JsonObject, JsonValue } from "./json.ts";
export type { Operation } from "./operation.ts";
