import { randomUUID } from "node:crypto";
import { z } from "zod";
import { HttpError } from "../http/http-error.ts";
import { type Reply, textReply } from "../http/reply.ts";
import type { RouteRequest } from "../http/route.ts";
import type { ReplyContract } from "../http/route-contract.ts";
import { shapeColumns, shapeSchema, shapeValue } from "../service/realtime/shape-columns.ts";
import type { RunRow } from "../storage/storage.ts";

/** How long a live request is held: around 20 s, not all at the same moment. */
export function holdMs(): number {
  return 20_000 * (0.85 + Math.random() * 0.3);
}

/** What clients add to every shape's URL. */
export const shapeQuery = z.object({
  offset: z
    .string()
    .regex(/^(?:-1|[\w-]{1,40000})$/, "must be -1 or the `electric-offset` of a reply")
    .default("-1")
    .describe("`-1` for a new subscription, then the `electric-offset` of the last reply."),
  handle: z.string().optional().describe("The `electric-handle` of the last reply."),
  live: z
    .enum(["true", "false"])
    .default("false")
    .describe("`true`: wait for the next change, about 20 seconds."),
  cursor: z.string().optional().describe("The `electric-cursor` of the last reply; keeps caches apart."),
  skipColumns: z.string().optional().describe("Columns to leave out, joined by commas."),
});

/** The parameters, once they were checked. */
export type ShapeQuery = z.output<typeof shapeQuery>;

const messages = z
  .array(
    z.object({
      key: z.string().optional(),
      value: z.record(z.string(), z.string().nullable()).optional(),
      headers: z.object({
        operation: z.enum(["insert", "update"]).optional(),
        control: z.enum(["up-to-date", "must-refetch"]).optional(),
      }),
    }),
  )
  .meta({ id: "ShapeMessages" });

/** What shape routes promise beside their own refusals. */
export const SHAPE_REPLIES: Readonly<Record<number, string | ReplyContract>> = {
  200: {
    description: "Rows that are new, then `up-to-date`",
    schema: messages,
    headers: {
      "electric-handle": "Names the subscription.",
      "electric-offset": "Up to where the rows go.",
      "electric-schema": "Types of the columns, JSON; not in live replies.",
      "electric-cursor": "In live replies.",
    },
  },
  409: {
    description: "Unknown handle or offset: begin again at `offset=-1`, with the handle of this reply",
    schema: messages,
    headers: { "electric-handle": "A new one." },
  },
  429: "`Too many concurrent requests`",
};

/** How the official API's shapes are described once for all of them. */
export const SHAPE_DESCRIPTION =
  "For official clients: an ElectricSQL shape by long polling. Columns are text in PostgreSQL's form, `status` carries internal names. Everyone else: the routes that end in `/events`.";

/** The columns that a request gets: a token's own list of what to leave out comes before that of the query. */
export function columnsOf(request: Pick<RouteRequest, "principal">, query: ShapeQuery): readonly string[] {
  const { principal } = request;
  const ofToken = principal.kind === "public-token" ? principal.skipColumns : undefined;
  return shapeColumns(ofToken ?? query.skipColumns?.split(",") ?? []);
}

/** A form's name, so that the rows of those who want the same columns are written once. */
export function shapeForm(operation: "insert" | "update", columns: readonly string[]): string {
  return `${operation} ${columns.join()}`;
}

/** Rows and the message that makes clients show them. */
export function shapeText(
  runs: readonly RunRow[],
  operation: "insert" | "update",
  columns: readonly string[],
): string {
  const rows = runs.map((run) => ({
    key: `"public"."TaskRun"/${JSON.stringify(run.id)}`,
    value: shapeValue(run, columns),
    headers: { operation },
  }));
  return JSON.stringify([...rows, { headers: { control: "up-to-date" } }]);
}

/** A reply to a shape request. */
export function shapeReply(
  text: string,
  at: { readonly handle: string; readonly offset: string; readonly live: boolean; readonly now: Date },
  columns: readonly string[],
): Reply {
  return textReply(200, text, {
    "electric-handle": at.handle,
    "electric-offset": at.offset,
    ...(at.live
      ? { "electric-cursor": String(at.now.getTime()) }
      : { "electric-schema": shapeSchema(columns) }),
  });
}

/** Makes a client start over. */
export function mustRefetch(handle: string): Reply {
  return textReply(409, '[{"headers":{"control":"must-refetch"}}]', { "electric-handle": handle });
}

/** A handle of a shape. Never the same twice: a client never takes one again that was refused once. */
export function newHandle(shape: string): string {
  return `${shape}-${randomUUID().slice(0, 8)}`;
}

/** True for a handle that was made for a shape, by any server. */
export function isHandleOf(shape: string, handle: string | undefined): handle is string {
  return handle !== undefined && handle.length === shape.length + 9 && handle.startsWith(`${shape}-`);
}

/** A server that closes has nothing to say, and an empty answer would be asked again at once. */
export function closing(): HttpError {
  return new HttpError(503, "The server is closing", { "retry-after": "1" });
}
