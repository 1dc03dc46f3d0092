import { IDEMPOTENCY_KEY_HEADER } from "@runmeta/runtime/protocol";
import { z } from "zod";
import { reads } from "../http/admit.ts";
import type { Route } from "../http/route.ts";
import type { ReplyContract } from "../http/route-contract.ts";

/** Body of every refusal. `error` is for people; the other members are there where a reply says so. */
const errorBody = z
  .object({
    error: z.string().describe("What happened, and what to do."),
    code: z.string().optional().describe("The reason in a stable form."),
    param: z.string().optional(),
    type: z.string().optional(),
    details: z
      .array(
        z.object({ code: z.string(), message: z.string(), path: z.array(z.union([z.string(), z.number()])) }),
      )
      .optional()
      .describe("Of a `Query Error` or `Headers Error`: what is wrong, and where."),
    issues: z.array(z.looseObject({})).optional().describe("What is wrong with a body, and where."),
    retryAfterMs: z.number().optional().describe("When to ask again."),
  })
  .meta({ id: "Error" });

/**
 * The replies that follow from how a route is reached, by status: what keys, bodies and queries can have wrong. A
 * route's own words for the same status come first.
 */
export function repliesOf(route: Route): Readonly<Record<number, ReplyContract>> {
  const replies: Record<number, ReplyContract> = {};
  for (const [status, reply] of Object.entries(route.contract.replies)) {
    replies[Number(status)] = typeof reply === "string" ? refusal(reply) : reply;
  }
  for (const [status, text] of generalRefusals(route)) {
    const own = replies[status];
    replies[status] =
      own === undefined ? refusal(text) : { ...own, description: `${own.description}. ${text}` };
  }
  return replies;
}

function* generalRefusals(route: Route): Generator<[status: number, text: string]> {
  const { access, body, contract } = route;
  if (body.kind === "json") {
    yield [400, "The body is empty, not JSON, or not what is asked for"];
    yield [body.tooLarge ?? 413, "`Request body too large`"];
    yield [415, "A content type other than JSON, or an encoding other than gzip"];
  }
  if (body.kind === "ndjson") {
    yield [413, "`Request body too large`: a line"];
    yield [415, "A content type other than newline-delimited JSON"];
  }
  if (route.query !== undefined) yield [400, "`Query Error`: `details` name the parameters"];
  if (contract.headers?.[IDEMPOTENCY_KEY_HEADER] !== undefined)
    yield [400, "`Headers Error`: `details` name the header"];
  if (access.kind === "open") return;
  yield [401, unauthorizedText(access)];
  if (access.kind === "public-token") yield [403, "`Unauthorized`: the token's scopes do not cover it"];
  if (!reads(route)) yield [403, "`This API key is read-only`"];
  yield [500, "`Internal Server Error`: a fault of the server; it is in its log"];
  yield [503, "The database is not available at the moment; `Retry-After` says when to ask again"];
}

function unauthorizedText(access: Exclude<Route["access"], { kind: "open" }>): string {
  if (access.unauthorized !== undefined) return `\`${access.unauthorized}\``;
  const key = "`Invalid or Missing API key` without one, `Invalid API key` for an unknown one";
  return access.kind === "secret-key"
    ? key
    : `${key}, \`Public Access Token is invalid\` or \`Invalid Public Access Token\` for a bad token`;
}

function refusal(description: string): ReplyContract {
  return { description, schema: errorBody };
}
