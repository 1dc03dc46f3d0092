import { PacketError } from "../errors.ts";

/** A payload or an output as it travels and is stored. */
export interface Packet {
  /** Undefined for the value `undefined`. */
  readonly data: string | undefined;
  /** How `data` is to be read. */
  readonly dataType: string;
}

let loading: Promise<typeof import("superjson")> | undefined;

/** Loaded once: a loader may need a turn of another thread for each import, also of what it knows. */
function loadSuperjson(): Promise<typeof import("superjson")> {
  return (loading ??= import("superjson"));
}

/**
 * A value as a packet: a string as `text/plain`, `undefined` without data, everything else as superjson, so that a
 * `Date`, a `Map` or a `bigint` arrives as what it was. Loads superjson at the first value that needs it.
 * @throws PacketError when the value cannot be written down
 */
export async function encodePacket(value: unknown): Promise<Packet> {
  if (value === undefined) return { data: undefined, dataType: "application/json" };
  if (typeof value === "string") return { data: value, dataType: "text/plain" };
  const superjson = await loadSuperjson();
  try {
    return { data: superjson.stringify(value), dataType: "application/super+json" };
  } catch (cause) {
    throw new PacketError(`it cannot be written as superjson: ${reason(cause)}`, { cause });
  }
}

/**
 * The value of a packet.
 * @throws PacketError for a type that is not known here, or data that its type cannot be read from
 */
export async function decodePacket(packet: {
  readonly data?: string | undefined;
  readonly dataType: string;
}): Promise<unknown> {
  const { data, dataType } = packet;
  if (data === undefined) return undefined;
  switch (dataType) {
    case "text/plain":
      return data;
    case "application/json":
      return data === "" ? undefined : read(dataType, () => JSON.parse(data));
    case "application/super+json": {
      if (data === "") return undefined;
      const superjson = await loadSuperjson();
      return read(dataType, () => superjson.parse(data));
    }
    case "application/store":
      throw new PacketError(
        "its data is in an object store (application/store), which runmeta does not read",
      );
    default:
      throw new PacketError(`its type "${dataType}" is unknown`);
  }
}

function read(dataType: string, parse: () => unknown): unknown {
  try {
    return parse();
  } catch (cause) {
    throw new PacketError(`its data is not ${dataType}: ${reason(cause)}`, { cause });
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
