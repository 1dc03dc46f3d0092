/** A JSON value as it is stored: no `undefined`, no `NaN`, no instances. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object; a run's metadata document is one. */
export interface JsonObject {
  [key: string]: JsonValue;
}
