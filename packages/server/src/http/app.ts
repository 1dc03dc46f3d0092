import type { IncomingMessage } from "node:http";
import { type Context, Hono } from "hono";
import { type AuthFailure, authenticate, type Principal } from "../auth/authenticate.ts";
import type { SecretKeys } from "../auth/secret-keys.ts";
import { HttpError } from "./http-error.ts";
import { readBody } from "./read-body.ts";
import { errorReply, jsonReply, textReply } from "./reply.ts";
import type { Route, RouteAccess, RouteRequest } from "./route.ts";

/** What Hono's node adapter passes along; absent when the API is called in process. */
export interface NodeBindings {
  readonly incoming?: IncomingMessage;
}

/** The API as one function from request to reply. */
export interface App {
  fetch(request: Request, bindings?: NodeBindings): Promise<Response>;
}

/**
 * Puts routes together and does for all of them what the contract wants in this order: method 405, key 401, body size
 * 413; then the handler (parameters, query, headers, body, existence). It never rejects: `replyToFault` turns what a
 * handler throws into a reply.
 */
export function createApp(options: {
  readonly routes: readonly Route[];
  readonly secretKeys: SecretKeys;
  /** Makes the reply to anything thrown that is no {@link HttpError}. */
  replyToFault(error: unknown): Response;
}): App {
  // strict: `/api/v1/runs/` is not `/api/v1/runs`.
  const hono = new Hono<{ Bindings: NodeBindings }>({ strict: true });
  const methodsByPath = new Map<string, Set<string>>();
  for (const route of options.routes) {
    hono.on(route.method, route.path, (context) => handle(route, context, options.secretKeys));
    methodsByPath.set(route.path, (methodsByPath.get(route.path) ?? new Set()).add(route.method));
  }
  hono.options("*", (context) => preflightReply(context.req.header("access-control-request-headers")));
  for (const [path, methods] of methodsByPath) {
    const allow = [...methods, ...(methods.has("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
    hono.all(path, () => errorReply(405, "Method not allowed", { allow }));
  }
  hono.notFound(() => errorReply(404, "Not found"));
  hono.onError((error) =>
    error instanceof HttpError
      ? jsonReply(error.status, error.body, error.headers)
      : options.replyToFault(error),
  );
  return {
    fetch: async (request, bindings) => {
      try {
        return await hono.fetch(request, bindings ?? {});
      } catch (error) {
        // Hono passes on what is thrown and is no Error.
        return options.replyToFault(error);
      }
    },
  };
}

async function handle(
  route: Route,
  context: Context<{ Bindings: NodeBindings }>,
  secretKeys: SecretKeys,
): Promise<Response> {
  const raw = context.req.raw;
  const principal = admit(route.access, raw.headers.get("authorization"), secretKeys);
  const body =
    route.body.kind === "bytes" ? await readBody(raw, route.body.limitBytes, context.env.incoming) : NO_BODY;
  const request: RouteRequest = {
    raw,
    principal,
    body,
    param: (name) => context.req.param(name) ?? "",
    header: (name) => raw.headers.get(name) ?? undefined,
    query: () => new URL(raw.url).searchParams,
  };
  return await route.handle(request);
}

function admit(access: RouteAccess, header: string | null, secretKeys: SecretKeys): Principal {
  if (access.kind === "open") return NOBODY;
  const principal = authenticate(header, secretKeys);
  if (typeof principal !== "string") return principal;
  throw new HttpError(401, access.unauthorized ?? unauthorizedText(principal, access.kind));
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
function preflightReply(asked: string | undefined): Response {
  const names =
    asked !== undefined && /^[A-Za-z0-9 ,_-]{1,2000}$/.test(asked) ? asked : "authorization, content-type";
  return textReply(204, null, {
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": names,
    "access-control-max-age": "600",
  });
}

const NO_BODY = new Uint8Array(0);
/** Open routes look at no environment. */
const NOBODY: Principal = { kind: "secret-key", environment: "" };
