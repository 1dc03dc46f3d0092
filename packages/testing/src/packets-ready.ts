import { encodePacket } from "@runmeta/runtime/worker";

/**
 * Resolves when what packets need has been loaded, which begins when this package is imported: later no file is read
 * while a clock moves, so that time cannot run ahead of the code.
 */
export const packetsReady: Promise<unknown> = encodePacket([]);
