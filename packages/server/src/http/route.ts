import type { Principal } from "../auth/authenticate.ts";
import type { Reply } from "./reply.ts";

/** One endpoint: what it is reached by, who may, how much it reads, and what it answers. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Hono's pattern, for example `/api/v3/runs/:runId`. */
  readonly path: string;
  readonly access: RouteAccess;
  readonly body: RouteBody;
  handle(request: RouteRequest): Promise<Reply>;
}

/**
 * Who may call a route, and how it words a refusal:
 * - `open`: everybody.
 * - `secret-key`: a public token is answered like an unknown key.
 * - `public-token`: would take a public token too, so a bad one is named as such.
 *
 * `unauthorized` replaces the texts of the general table by one of the route's own.
 */
export type RouteAccess =
  | { readonly kind: "open" }
  | { readonly kind: "secret-key" | "public-token"; readonly unauthorized?: string };

/** `none` ignores a body, `bytes` reads it up to a limit before the handler runs, `stream` leaves it to the handler. */
export type RouteBody =
  | { readonly kind: "none" }
  | { readonly kind: "bytes"; readonly limitBytes: number }
  | { readonly kind: "stream" };

/** What a handler sees of a request that is allowed and within its size. */
export interface RouteRequest {
  readonly raw: Request;
  readonly principal: Principal;
  /** The body of a `bytes` route; empty otherwise. */
  readonly body: Uint8Array;
  /** A decoded path parameter; empty when it is missing. */
  param(name: string): string;
  header(name: string): string | undefined;
  query(): URLSearchParams;
}
