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
  const get = (path: string, handle: (request: Request) => Promise<Reply>): Endpoint =>
    defineEndpoint({
      method: "GET",
      path,
      access: { kind: "open" },
      body: { kind: "none" },
      handle: async ({ raw }) => {
        site.requireHost(raw);
        return await handle(raw);
      },
    });
  const page = async (request: Request): Promise<Reply> => {
    const index = await files.get("index.html");
    return index === undefined ? await notBuilt() : fileReply(index, "no-cache", request);
  };
  const asset = async (request: Request): Promise<Reply> => {
    const file = await files.get(new URL(request.url).pathname.slice(1));
    if (file === undefined) throw new HttpError(404, "Not found");
    return fileReply(file, IMMUTABLE, request);
  };
  return [...PAGES.map((path) => get(path, page)), get("/assets/*", asset)];
}

function fileReply(file: DashboardFile, cacheControl: string, request: Request): Reply {
  const zipped = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "") ? file.gzipped : undefined;
  return {
    status: 200,
    body: zipped ?? file.bytes,
    headers: {
      ...PAGE_HEADERS,
      "content-type": file.contentType,
      "cache-control": cacheControl,
      vary: "accept-encoding",
      ...(zipped === undefined ? {} : { "content-encoding": "gzip" }),
    },
  };
}

function notBuilt(): Promise<Reply> {
  return plainPage(
    503,
    "The dashboard is not built",
    "This is a checkout of runmeta in which the pages were not built yet. Run npx -y pnpm@12 build there and load this page again. The API works without them.",
  );
}
