import { metadata, task } from "@runmeta/runtime";
import { addressBook, type Contact } from "./address-book.ts";

/** More rejected lines are only counted: the document has a size limit, and nobody reads a thousand. */
const SHOWN_REJECTS = 10;
const SHOWN_CHARACTERS = 60;

/** Imports `name,email` lines, and tells whoever watches how far it is. */
export const importContacts = task({
  id: "import-contacts",
  retry: { maxAttempts: 3, minTimeoutInMs: 30_000, factor: 2, randomize: false },
  run: async ({ lines, askedAt }: { lines: readonly string[]; askedAt: Date }, { signal }) => {
    metadata.set("askedAt", askedAt);
    // An attempt before this one may have got somewhere: the document knows how far.
    const first: number = metadata.get("handled") ?? 0;
    for (const line of lines.slice(first)) {
      signal.throwIfAborted();
      const contact = parseContact(line);
      if (contact === undefined) reject(line);
      else {
        await addressBook.save(contact);
        metadata.increment("saved");
      }
      metadata
        .increment("handled")
        .set("percent", Math.floor((100 * metadata.get("handled")) / lines.length));
    }
    return { saved: Number(metadata.get("saved") ?? 0), rejected: Number(metadata.get("rejected") ?? 0) };
  },
  onFailure: ({ error }) => {
    metadata.set("problem", error instanceof Error ? error.message : String(error));
  },
});

function parseContact(line: string): Contact | undefined {
  const [name = "", email = "", ...rest] = line.split(",");
  return name !== "" && email.includes("@") && rest.length === 0 ? { name, email } : undefined;
}

function reject(line: string): void {
  metadata.increment("rejected");
  if (metadata.get("rejected") <= SHOWN_REJECTS) metadata.append("rejects", line.slice(0, SHOWN_CHARACTERS));
}
