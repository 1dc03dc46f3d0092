import type { JsonValue } from "@runmeta/runtime/protocol";
import type { Packet } from "../storage/storage.ts";

/** The type of a payload that was uploaded before; the text names the upload. */
export const STORED_PAYLOAD = "application/store";

/**
 * A value as clients send it, as it is stored. They say in `type` how they wrote the text; without a type the value is
 * plain JSON. A text in a format we do not read is kept as it is.
 */
export function toPacket(value: unknown, type: string | undefined): Packet {
  if (value === undefined) return { data: undefined, dataType: type ?? "application/json" };
  if (type === undefined || type === "application/json" || typeof value !== "string") {
    return { data: JSON.stringify(value), dataType: "application/json" };
  }
  return { data: value, dataType: type };
}

/**
 * The JSON value inside a packet, for people and programs that read the API: of super+json its `json` part (a Date is
 * its ISO text there), of `text/plain` the text. Undefined when there is none, or when the text is not what it says.
 */
export function decodePacket(packet: Packet | undefined): JsonValue | undefined {
  if (packet?.data === undefined) return undefined;
  if (packet.dataType === "text/plain") return packet.data;
  try {
    // JSON.parse gives nothing but JSON values.
    const value = JSON.parse(packet.data) as JsonValue;
    if (packet.dataType === "application/json") return value;
    if (packet.dataType === "application/super+json" && value !== null && typeof value === "object") {
      return Array.isArray(value) ? undefined : value.json;
    }
  } catch {
    // A client may store any text under any type; it is its own reader then.
  }
  return undefined;
}
