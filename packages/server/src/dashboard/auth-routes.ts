import { z } from "zod";
import { authenticate } from "../auth/authenticate.ts";
import type { KeyRing } from "../auth/key-ring.ts";
import type { Principal } from "../auth/principal.ts";
import type { DashboardSite } from "../http/dashboard-site.ts";
import { HttpError } from "../http/http-error.ts";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply, textReply } from "../http/reply.ts";
import { defineEndpoint, type Endpoint } from "../http/route.ts";
import type { SignInCookie } from "../http/sign-in-cookie.ts";
import type { Clock } from "../service/clock.ts";
import type { OneTimeLinks } from "./one-time-links.ts";
import { PAGE_HEADERS } from "./page-headers.ts";
import { plainPage } from "./plain-page.ts";

/** What signing in works with. */
export interface SignIn {
  readonly site: DashboardSite;
  readonly cookie: SignInCookie;
  readonly links: OneTimeLinks;
  readonly keys: KeyRing;
  readonly clock: Clock;
}

/** Signing in and out. Keys have 144 random bits and are compared as digests, so attempts are not counted. */
export function authRoutes(signIn: SignIn): Endpoint[] {
  return [signInRoute(signIn), whoAmIRoute(), signOutRoute(signIn), linkRoute(signIn)];
}

/** `POST /auth/session`: a secret key for a cookie. */
function signInRoute({ site, cookie, keys, clock }: SignIn): Endpoint {
  return defineEndpoint({
    method: "POST",
    path: "/auth/session",
    access: { kind: "open" },
    body: { kind: "json", limitBytes: 4096, schema: z.object({ key: z.string() }) },
    async handle(request) {
      site.requireOwnPage(request.raw);
      const text = jsonBody(request).key.trim();
      const credentials = await authenticate(`Bearer ${text}`, keys, clock.now());
      if (typeof credentials === "string" || credentials.principal.kind !== "secret-key")
        throw new HttpError(401, "Invalid API key");
      const { key, principal } = credentials;
      return jsonReply(200, describe(principal), { "set-cookie": await cookie.issue(request.raw, key) });
    },
  });
}

/** `GET /auth/session`: whose key the cookie stands for. */
function whoAmIRoute(): Endpoint {
  return defineEndpoint({
    method: "GET",
    path: "/auth/session",
    access: { kind: "secret-key" },
    body: { kind: "none" },
    handle: async ({ principal }) => jsonReply(200, describe(principal)),
  });
}

/** `DELETE /auth/session`: has the browser forget the cookie. */
function signOutRoute({ site, cookie }: SignIn): Endpoint {
  return defineEndpoint({
    method: "DELETE",
    path: "/auth/session",
    access: { kind: "open" },
    body: { kind: "none" },
    async handle({ raw }) {
      site.requireOwnPage(raw);
      return textReply(204, null, { "set-cookie": cookie.remove(raw) });
    },
  });
}

/** `GET /auth/link/{token}`: signs in, once. Opened again by a browser that is signed in, it leads to the dashboard. */
function linkRoute({ site, cookie, links }: SignIn): Endpoint {
  return defineEndpoint({
    method: "GET",
    path: "/auth/link/:token",
    access: { kind: "open" },
    body: { kind: "none" },
    async handle({ raw, param }) {
      site.requireHost(raw);
      const toDashboard = { ...PAGE_HEADERS, location: "/" };
      // Some programs look at a link before they open it.
      const key = raw.method === "HEAD" ? undefined : links.use(param("token"));
      if (key !== undefined)
        return textReply(303, null, { ...toDashboard, "set-cookie": await cookie.issue(raw, key) });
      if ((await cookie.credentials(raw)) !== undefined) return textReply(303, null, toDashboard);
      return await plainPage(
        410,
        "This link signs nobody in",
        "It was used, it is older than 15 minutes, or the server was started again since. Take the newest link from the terminal, or sign in with a secret key.",
        { href: "/sign-in", text: "Sign in" },
      );
    },
  });
}

function describe({ environment, readOnly }: Principal): { environment: string; readOnly: boolean } {
  return { environment, readOnly };
}
