import type { ZodType } from "zod";
import type { ApiReply } from "./api-client.ts";
import { unreadableReply } from "./reply-field.ts";

/** The shared wire schemas. Loaded at the first reply that needs them: zod costs 60 ms and 13 MB to import. */
type WireSchemas = typeof import("../protocol/schemas.ts");

/**
 * A reply's body, checked by a schema and then read: `read` throws RangeError for what the schema let through.
 * @throws ApiError naming the field that is not as the contract says
 */
export async function parseReply<Body, T>(
  call: string,
  reply: ApiReply,
  schema: (all: WireSchemas) => ZodType<Body>,
  read: (body: Body) => T,
): Promise<T> {
  const parsed = schema(await import("../protocol/schemas.ts")).safeParse(reply.body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field =
      issue === undefined || issue.path.length === 0 ? "body" : `"${issue.path.map(String).join(".")}"`;
    throw unreadableReply(
      call,
      reply,
      `has an unexpected ${field}: ${issue?.message ?? "unreadable"}`,
      parsed.error,
    );
  }
  try {
    return read(parsed.data);
  } catch (cause) {
    if (cause instanceof RangeError)
      throw unreadableReply(call, reply, `has an unexpected ${cause.message}`, cause);
    throw cause;
  }
}
