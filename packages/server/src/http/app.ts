import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Clock } from "../service/clock.ts";
import { admit, type Gate } from "./admit.ts";
import { type Call, WebCall } from "./call.ts";
import { DASHBOARD_HEADER } from "./dashboard-site.ts";
import { HttpError } from "./http-error.ts";
import { readBody } from "./read-body.ts";
import { errorReply, jsonReply, type Reply, textReply, toResponse } from "./reply.ts";
import type { Endpoint, RouteRequest } from "./route.ts";
import { RunRoutes } from "./run-routes.ts";

/** The API as one function from request to reply; it never rejects. */
export interface App {
  handle(call: Call): Promise<Reply>;
  fetch(request: Request): Promise<Response>;
}

/** Hono finds the route; what it answers is handed over beside Hono's own Response, which stays an empty one. */
interface Env {
  readonly Bindings: { readonly call: Call; reply?: Reply };
}
type RouteContext = Context<Env>;

/**
 * Puts routes together and does for all of them what the contract wants in this order: method 405, key 401, body size
 * 413; then the handler (parameters, query, headers, body, existence). `replyToFault` turns what a handler throws into
 * a reply.
 */
export function createApp(options: {
  readonly routes: readonly Endpoint[];
  readonly gate: Gate;
  readonly clock: Clock;
  /** Makes the reply to anything thrown that is no {@link HttpError}. */
  replyToFault(error: unknown): Reply;
}): App {
  const hono = new Hono<Env>();
  const answer = (context: RouteContext, reply: Reply): Response => {
    context.env.reply = reply;
    return PLACEHOLDER;
  };
  const methodsByPath = new Map<string, Set<string>>();
  for (const route of options.routes) {
    hono.on(route.method, route.path, async (context) => {
      const param = (name: string) => context.req.param(name) ?? "";
      return answer(context, await handle(route, context.env.call, param, options.gate, options.clock));
    });
    methodsByPath.set(route.path, (methodsByPath.get(route.path) ?? new Set()).add(route.method));
  }
  hono.options("*", (context) =>
    answer(context, preflightReply(context.req.header("access-control-request-headers"))),
  );
  for (const [path, methods] of methodsByPath) {
    const allow = [...methods, ...(methods.has("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
    hono.all(path, (context) => answer(context, errorReply(405, "Method not allowed", { allow })));
  }
  hono.notFound((context) => answer(context, errorReply(404, "Not found")));
  // Not Hono's own error handling: it passes on what is thrown and is no Error.
  hono.onError((error) => {
    throw error;
  });
  const byRunId = new RunRoutes(options.routes);
  const replyTo = async (call: Call): Promise<Reply | undefined> => {
    const found = byRunId.find(call);
    if (found !== undefined) {
      const param = (name: string) => (name === "runId" ? found.runId : "");
      return await handle(found.route, call, param, options.gate, options.clock);
    }
    const slot: Env["Bindings"] = { call };
    await hono.fetch(call.raw, slot);
    return slot.reply;
  };
  const handleCall = async (call: Call): Promise<Reply> => {
    try {
      return (await replyTo(call)) ?? errorReply(404, "Not found");
    } catch (error) {
      return error instanceof HttpError
        ? jsonReply(error.status, error.body, error.headers)
        : options.replyToFault(error);
    }
  };
  return {
    handle: handleCall,
    fetch: async (request) => toResponse(await handleCall(new WebCall(request)), request.method),
  };
}

async function handle(
  route: Endpoint,
  call: Call,
  param: (name: string) => string,
  gate: Gate,
  clock: Clock,
): Promise<Reply> {
  const admission = await admit(route, call, gate, clock.now());
  const body =
    route.body.kind === "json" ? await readBody(call, route.body.limitBytes, route.body.tooLarge) : NO_BODY;
  const request: RouteRequest = {
    call,
    get raw() {
      return call.raw;
    },
    principal: admission.principal,
    can: (anyOf) => admission.can(anyOf),
    authorize: (anyOf) => admission.authorize(anyOf),
    issueToken: (grant) => admission.issueToken(grant, clock.now()),
    body,
    schema: route.body.kind === "none" ? NO_SCHEMA : route.body.schema,
    querySchema: route.query ?? NO_QUERY,
    param,
    header: (name) => call.header(name.toLowerCase()),
    query: () => new URLSearchParams(/\?([^#]*)/.exec(call.target)?.[1] ?? ""),
  };
  const reply = await route.handle(request);
  admission.requireAsked();
  return reply;
}

/**
 * Browsers ask before they send `authorization`, which `*` does not cover: it is named, and so is what they ask for; but
 * not the header of the dashboard's own pages, which never have to ask.
 */
function preflightReply(asked: string | undefined): Reply {
  const names = new Set(["authorization", "content-type"]);
  if (asked !== undefined && /^[A-Za-z0-9 ,_-]{1,2000}$/.test(asked)) {
    for (const name of asked.split(",")) if (name.trim() !== "") names.add(name.trim().toLowerCase());
  }
  names.delete(DASHBOARD_HEADER);
  return textReply(204, null, {
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": [...names].join(", "),
    "access-control-max-age": "600",
  });
}

const PLACEHOLDER = new Response(null);
const NO_BODY = new Uint8Array(0);
const NO_SCHEMA = z.never();
const NO_QUERY = z.object({});
