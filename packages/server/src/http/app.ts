import type { IncomingMessage } from "node:http";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { type AuthFailure, authenticate, type Principal } from "../auth/authenticate.ts";
import type { SecretKeys } from "../auth/secret-keys.ts";
import { HttpError } from "./http-error.ts";
import { readBody } from "./read-body.ts";
import { errorReply, jsonReply, type Reply, textReply, toResponse } from "./reply.ts";
import type { Route, RouteAccess, RouteRequest } from "./route.ts";

/** What Hono's node adapter passes along; absent when the API is called in process. */
export interface NodeBindings {
  readonly incoming?: IncomingMessage;
}

/** The API as one function from request to reply; it never rejects. */
export interface App {
  handle(request: Request, bindings?: NodeBindings): Promise<Reply>;
  fetch(request: Request): Promise<Response>;
}

/** Hono finds the route; what it answers is handed over beside Hono's own Response, which stays an empty one. */
interface Env {
  readonly Bindings: NodeBindings & { reply?: Reply };
}
type RouteContext = Context<Env>;

/**
 * Puts routes together and does for all of them what the contract wants in this order: method 405, key 401, body size
 * 413; then the handler (parameters, query, headers, body, existence). `replyToFault` turns what a handler throws into
 * a reply.
 */
export function createApp(options: {
  readonly routes: readonly Route[];
  readonly secretKeys: SecretKeys;
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
    hono.on(route.method, route.path, async (context) =>
      answer(context, await handle(route, context, options.secretKeys)),
    );
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
  const handleRequest = async (request: Request, bindings?: NodeBindings): Promise<Reply> => {
    const slot: Env["Bindings"] = { ...bindings };
    try {
      await hono.fetch(request, slot);
      return slot.reply ?? errorReply(404, "Not found");
    } catch (error) {
      return error instanceof HttpError
        ? jsonReply(error.status, error.body, error.headers)
        : options.replyToFault(error);
    }
  };
  return { handle: handleRequest, fetch: async (request) => toResponse(await handleRequest(request)) };
}

async function handle(route: Route, context: RouteContext, secretKeys: SecretKeys): Promise<Reply> {
  const raw = context.req.raw;
  const principal = admit(route.access, raw.headers.get("authorization"), secretKeys);
  const body =
    route.body.kind === "json"
      ? await readBody(raw, route.body.limitBytes, context.env.incoming, route.body.tooLarge)
      : NO_BODY;
  const request: RouteRequest = {
    raw,
    principal,
    body,
    schema: route.body.kind === "none" ? NO_SCHEMA : route.body.schema,
    querySchema: route.query ?? NO_QUERY,
    param: (name) => context.req.param(name) ?? "",
    header: (name) => raw.headers.get(name) ?? undefined,
    query: () => new URL(raw.url).searchParams,
  };
  return await route.handle(request);
}

function admit(access: RouteAccess, header: string | null, secretKeys: SecretKeys): Principal {
  if (access.kind === "open") return NOBODY;
  const principal = authenticate(access.bareKey === true ? asBearer(header) : header, secretKeys);
  if (typeof principal !== "string") return principal;
  throw new HttpError(401, access.unauthorized ?? unauthorizedText(principal, access.kind));
}

/** One word that names no scheme is a key. */
function asBearer(header: string | null): string | null {
  return header !== null && /^(?!Bearer$)\S+$/i.test(header) ? `Bearer ${header}` : header;
}

function unauthorizedText(failure: AuthFailure, kind: "secret-key" | "public-token"): string {
  if (failure === "missing") return "Invalid or Missing API key";
  return failure === "invalid-token" && kind === "public-token"
    ? "Public Access Token is invalid"
    : "Invalid API key";
}

/**
 * Browsers ask before they send `authorization`; the asked headers are named back, since `*` does not cover that one.
 */
function preflightReply(asked: string | undefined): Reply {
  const names =
    asked !== undefined && /^[A-Za-z0-9 ,_-]{1,2000}$/.test(asked) ? asked : "authorization, content-type";
  return textReply(204, null, {
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": names,
    "access-control-max-age": "600",
  });
}

const PLACEHOLDER = new Response(null);
const NO_BODY = new Uint8Array(0);
const NO_SCHEMA = z.never();
const NO_QUERY = z.object({});
/** Open routes look at no environment. */
const NOBODY: Principal = { kind: "secret-key", environment: "" };
