import type { DashboardSite } from "../http/dashboard-site.ts";
import { HttpError } from "../http/http-error.ts";
import type { Reply } from "../http/reply.ts";
import { defineEndpoint, type Endpoint } from "../http/route.ts";
import type { DashboardFile, DashboardFiles } from "./dashboard-files.ts";
import { PAGE_HEADERS } from "./page-headers.ts";
import { plainPage } from "./plain-page.ts";

/** The pages' own addresses, all of them the one page that finds out by itself what to show. */
const PAGES = ["/", "/sign-in", "/runs", "/runs/*", "/sessions", "/sessions/*", "/records", "/records/*"];

/** What the build names after its content. */
const IMMUTABLE = "public, max-age=31536000, immutable";

/** The dashboard's pages and what they load. They hold nothing secret: what they show, they ask the API for. */
export function pageRoutes(files: DashboardFiles, site: DashboardSite): Endpoint[] {
  const get = (path: string, handle: (path: string) => Promise<Reply>): Endpoint =>
    defineEndpoint({
      method: "GET",
      path,
      access: { kind: "open" },
      body: { kind: "none" },
      handle: async ({ raw }) => {
        site.requireHost(raw);
        return await handle(new URL(raw.url).pathname.slice(1));
      },
    });
  const page = async (): Promise<Reply> => {
    const index = await files.get("index.html");
    return index === undefined ? await notBuilt() : fileReply(index, "no-cache");
  };
  const file = async (path: string, cacheControl: string): Promise<Reply> => {
    const found = await files.get(path);
    if (found === undefined) throw new HttpError(404, "Not found");
    return fileReply(found, cacheControl);
  };
  return [
    ...PAGES.map((path) => get(path, page)),
    get("/assets/*", (path) => file(path, IMMUTABLE)),
    // Icons and the like that keep their name.
    get("/:file{[a-z0-9-]+\\.(?:svg|ico|png|webmanifest|txt)}", (path) => file(path, "no-cache")),
  ];
}

function fileReply({ contentType, bytes }: DashboardFile, cacheControl: string): Reply {
  return {
    status: 200,
    body: bytes,
    headers: { ...PAGE_HEADERS, "content-type": contentType, "cache-control": cacheControl },
  };
}

function notBuilt(): Promise<Reply> {
  return plainPage(
    503,
    "The dashboard is not built",
    "This is a checkout of runmeta in which the pages were not built yet. Run npx -y pnpm@12 build there and load this page again. The API works without them.",
  );
}
