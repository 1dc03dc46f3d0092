/** What the processes of `runmeta dev` tell each other. */
export type DevChildMessage =
  | { readonly type: "loaded"; readonly tasks: readonly string[]; readonly files: readonly string[] }
  | { readonly type: "listening"; readonly url: string; readonly dashboardLink: string };

/** The one thing the parent says: the process before it is gone, so the database is free. */
export const GO = "go";

/** Reads a message; undefined when it is none of ours. */
export function asDevChildMessage(message: unknown): DevChildMessage | undefined {
  if (typeof message !== "object" || message === null || !("type" in message)) return undefined;
  // Only our own child can write here.
  return message.type === "loaded" || message.type === "listening" ? (message as DevChildMessage) : undefined;
}
