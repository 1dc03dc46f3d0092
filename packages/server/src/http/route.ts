import type { z } from "zod";
import type { Principal } from "../auth/principal.ts";
import type { TokenGrant } from "../auth/public-token.ts";
import type { Permission, ScopeAction, ScopeType } from "../auth/scopes.ts";
import type { Call } from "./call.ts";
import type { Reply } from "./reply.ts";
import type { RouteContract } from "./route-contract.ts";

/** One endpoint: what it is reached by, who may, how much it reads, what it promises, and what it answers. */
export interface Route<Body extends z.ZodType = z.ZodType, Query extends z.ZodObject = z.ZodObject> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Hono's pattern, for example `/api/v3/runs/:runId`. */
  readonly path: string;
  readonly access: RouteAccess;
  readonly body: RouteBody<Body>;
  /** Query parameters; read with `queryParameters(request)`. */
  readonly query?: Query;
  readonly contract: RouteContract;
  handle(request: RouteRequest<Body, Query>): Promise<Reply>;
}

/** A route that belongs to our own pages and not to the API: no document shows it. */
export type Endpoint = Omit<Route, "contract">;

/**
 * Who may call a route, and how it words a refusal:
 * - `open`: everybody.
 * - `secret-key`: a public token is answered like an unknown key. A read-only key gets 403 unless the route `reads`.
 * - `public-token`: takes a public token too. `scopes` are those of which the token needs one; which ids they must name
 *   often shows only in the stored row, so the handler asks with {@link RouteRequest.authorize}, before anything
 *   happens and before it says whether there is such a row. A handler that answers a token without having asked is a
 *   fault.
 *
 * `unauthorized` replaces the texts of the general table by one of the route's own. `bareKey` also takes a key without
 * the word `Bearer` in front.
 */
export type RouteAccess =
  | { readonly kind: "open" }
  | {
      readonly kind: "secret-key";
      readonly unauthorized?: string;
      /** Nothing is changed, whatever the method says. @default true for GET */
      readonly reads?: boolean;
      readonly bareKey?: boolean;
    }
  | {
      readonly kind: "public-token";
      readonly unauthorized?: string;
      readonly scopes: readonly ScopeTemplate[];
    };

/** A scope that opens a route; a part in braces stands for an id. */
export type ScopeTemplate = `${ScopeAction}:${ScopeType}` | `${ScopeAction}:${ScopeType}:{${string}}`;

/**
 * `none` ignores a body, `json` reads it up to a limit before the handler runs, `ndjson` leaves it to the handler, line
 * by line. The schema is the one that {@link RouteRequest.schema} hands to the handler, so that document and validation
 * cannot disagree; one that takes `undefined` (`.prefault({})`) makes the body optional. `tooLarge` is the status of a
 * refusal for the size, 413 unless given.
 */
export type RouteBody<Body extends z.ZodType> =
  | { readonly kind: "none" }
  | {
      readonly kind: "json";
      readonly limitBytes: number;
      readonly tooLarge?: 413 | 422;
      readonly schema: Body;
    }
  | { readonly kind: "ndjson"; readonly schema: Body };

/** What a handler sees of a request that is allowed and within its size. */
export interface RouteRequest<Body extends z.ZodType = z.ZodType, Query extends z.ZodObject = z.ZodObject> {
  readonly call: Call;
  /** {@link Call.raw} */
  readonly raw: Request;
  readonly principal: Principal;
  /** True when the principal has one of the permissions. Each must be among the scopes that the route declares. */
  can(anyOf: readonly Permission[]): boolean;
  /**
   * Goes on only when the principal has one of the permissions.
   *
   * @throws HttpError 403
   */
  authorize(anyOf: readonly Permission[]): void;
  /** A public token, for an hour unless told otherwise; signed with the key behind the request. */
  issueToken(grant: TokenGrant): Promise<string>;
  /** The body of a `json` route; empty otherwise. */
  readonly body: Uint8Array;
  /** What the body, or a line of it, must be; parsed with `jsonBody(request)` or in the route's own words. */
  readonly schema: Body;
  readonly querySchema: Query;
  /** A decoded path parameter; empty when it is missing. */
  param(name: string): string;
  header(name: string): string | undefined;
  query(): URLSearchParams;
}

/** Binds a handler to the schemas of its route; the schemas are forgotten afterwards, so that routes fit into one list. */
export function defineRoute<
  Body extends z.ZodType = z.ZodNever,
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
>(route: Route<Body, Query>): Route {
  // A handler is only ever called with the schemas that stand beside it.
  return route as unknown as Route;
}

/** The same for a route without a contract. */
export function defineEndpoint<
  Body extends z.ZodType = z.ZodNever,
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
>(endpoint: Omit<Route<Body, Query>, "contract">): Endpoint {
  return endpoint as unknown as Endpoint;
}
