import { ApiError } from "../errors.ts";
import type { ApiReply } from "./api-client.ts";

/** A 2xx reply that is not what the contract says. */
export function unreadableReply(call: string, reply: ApiReply, problem: string, cause?: unknown): ApiError {
  return new ApiError(
    `${call}: the reply ${problem}`,
    { status: reply.status, body: reply.body, headers: Object.fromEntries(reply.headers) },
    cause === undefined ? undefined : { cause },
  );
}

/** One field of a reply's object. Small replies are read so, since loading zod for them would cost 60 ms. */
export function replyField(reply: ApiReply, name: string): unknown {
  const { body } = reply;
  if (typeof body !== "object" || body === null) return undefined;
  return Object.getOwnPropertyDescriptor(body, name)?.value;
}

/** @throws ApiError naming the field when it is no string */
export function replyString(call: string, reply: ApiReply, name: string): string {
  const value = replyField(reply, name);
  if (typeof value !== "string" || value === "")
    throw unreadableReply(call, reply, `has no "${name}" (a string)`);
  return value;
}
