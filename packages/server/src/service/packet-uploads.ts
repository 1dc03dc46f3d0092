import type { Packet, Storage } from "../storage/storage.ts";
import { newId } from "./new-id.ts";

/** How long an upload may take and then wait for its trigger. Clients trigger at once; their retries take seconds. */
const KEEP_UPLOAD_SECONDS = 3600;

/**
 * Payloads that are too large to travel inside a trigger. A client asks for a place, puts the text there, and names
 * the place in its trigger, which copies the text into the run. The id of a place cannot be guessed and is its own
 * authority: nothing can be read through it, and for an hour only its owner knows it.
 */
export class PacketUploads {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Makes a place for one upload and gives its id. */
  async reserve(environment: string): Promise<string> {
    const id = newId("packet");
    await this.#storage.reservePacket(environment, id, KEEP_UPLOAD_SECONDS);
    return id;
  }

  /** Stores an upload, a repeated one again; false when there is no such place, or its time is over. */
  async write(id: string, packet: Packet): Promise<boolean> {
    return isPacketId(id) && (await this.#storage.writePacket(id, packet));
  }
}

/** True for text that can be the id of an upload; anything else never reaches storage. */
export function isPacketId(text: string): boolean {
  return /^packet_[a-z0-9]{25}$/.test(text);
}
