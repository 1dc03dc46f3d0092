import { createHash, randomBytes } from "node:crypto";

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** A fresh id such as `run_c1x…`: 25 characters, about 129 random bits. */
export function newId(prefix: "run" | "batch" | "session" | "rec" | "packet"): string {
  let id = `${prefix}_`;
  while (id.length < prefix.length + 26) {
    for (const byte of randomBytes(32)) {
      // 252 = 7 x 36: larger bytes would make some characters likelier.
      if (byte < 252 && id.length < prefix.length + 26) id += ALPHABET[byte % 36];
    }
  }
  return id;
}

/**
 * The id of a batch's item: always the same for the same item, so an item that is sent again cannot become a second
 * run, whatever happened to the first reply.
 */
export function itemRunId(batchId: string, index: number): string {
  return `run_${digestId(`${batchId}:${index}`)}`;
}

/**
 * The id of the one run that a one-time token triggers. Since ids are unique, storing the run is using the token up: both
 * happen or neither, on every server, and a trigger that was refused has not used it.
 */
export function tokenRunId(oneTimeToken: string): string {
  return `run_${digestId(`token:${oneTimeToken}`)}`;
}

/** The same for the one batch that a token triggers. */
export function tokenBatchId(oneTimeToken: string): string {
  return `batch_${digestId(`token:${oneTimeToken}`)}`;
}

/** The id of the session that a request makes: always the same for all attempts of one call. */
export function sessionIdOf(environment: string, requestKey: string): string {
  return `session_${digestId(`${environment}:${requestKey}`)}`;
}

function digestId(text: string): string {
  const digest = createHash("sha256").update(text).digest("hex");
  return BigInt(`0x${digest}`).toString(36).padStart(25, "0").slice(-25);
}
