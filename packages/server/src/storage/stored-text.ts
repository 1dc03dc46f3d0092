import type { Packet } from "./storage.ts";

const NUL = /\0/g;
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/**
 * A name (id, task, tag, key …) as PostgreSQL can hold it: its text type has no NUL and no lone surrogates, so they
 * become visible replacements instead of failing the statement. Documents and payloads do not come this way: they
 * are stored as JSON text and keep every character.
 */
export function storedName(name: string): string {
  return name.replace(NUL, "\u2400").replace(LONE_SURROGATE, "\uFFFD");
}

/** A packet as JSON text `[dataType, data]`, in which every character of the data survives. */
export function encodePacket(packet: Packet): string {
  return JSON.stringify(packet.data === undefined ? [packet.dataType] : [packet.dataType, packet.data]);
}

/** The packet that `encodePacket` wrote. */
export function decodePacket(text: string): Packet {
  // Only encodePacket writes these columns.
  const [dataType, data] = JSON.parse(text) as [string, string | undefined];
  return { dataType, data };
}
