import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";

const BLOCK_BYTES = 512;

/** Unpacks a plain (ustar) archive of files and directories, as PGlite dumps a database, into `target`. */
export function extractTar(archive: Uint8Array, target: string): void {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  let offset = 0;
  while (offset + BLOCK_BYTES <= bytes.length && bytes[offset] !== 0) {
    const field = (from: number, length: number) =>
      bytes.toString("utf8", offset + from, offset + from + length).replace(/\0[\s\S]*$/, "");
    const path = entryPath(target, field(345, 155), field(0, 100));
    const size = Number.parseInt(field(124, 12), 8) || 0;
    const isDirectory = field(156, 1) === "5";
    offset += BLOCK_BYTES;
    if (isDirectory) mkdirSync(path, { recursive: true, mode: 0o700 });
    else {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, bytes.subarray(offset, offset + size), { mode: 0o600 });
    }
    offset += Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
}

function entryPath(target: string, prefix: string, name: string): string {
  const path = normalize(join(prefix, name)).replace(/^[/\\]+/, "");
  if (path.split(sep).includes("..")) throw new Error(`The archive holds a path outside of itself: ${path}`);
  return join(target, path);
}
