import { copyJson } from "@runmeta/runtime/protocol";
import { decodePacket } from "./packet.ts";
import type { TriggerRefusal } from "./trigger-request.ts";

/** A document's JSON text, or why there is none. */
export type InitialMetadata = { readonly ok: true; readonly text: string } | TriggerRefusal;

/**
 * The document a run starts with: what came with the trigger, or `{}`. It meets the same rules as a value written by
 * the job: an object, JSON, safe keys, at most `limitBytes`.
 */
export function initialMetadata(
  given: unknown,
  type: string | undefined,
  limitBytes: number,
): InitialMetadata {
  // The official API takes null, "", 0 and false for "none".
  if (!given) return { ok: true, text: "{}" };
  const value = typeof given === "string" ? decodePacket({ data: given, dataType: type ?? "" }) : given;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return invalid;
  try {
    return { ok: true, text: JSON.stringify(copyJson(value, undefined, limitBytes)) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "RUNMETA_METADATA_SIZE") {
      return {
        ok: false,
        reason: "metadata-too-large",
        message: `Metadata exceeds maximum size of ${limitBytes} bytes`,
      };
    }
    if (code === "RUNMETA_METADATA_VALUE") return invalid;
    throw error;
  }
}

const invalid: TriggerRefusal = { ok: false, reason: "invalid-metadata", message: "Invalid metadata" };
