import { z } from "zod";
import { textReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { OpenApiDocument } from "../openapi/openapi-document.ts";
import { REFERENCE_POLICY, renderReference } from "../openapi/reference-page.ts";

/** `GET /reference`: the same description as a page to read. It loads nothing and runs no script. */
export function referenceRoute(document: () => OpenApiDocument): Route {
  let page: Promise<string> | undefined;
  return defineRoute({
    method: "GET",
    path: "/reference",
    access: { kind: "open" },
    body: { kind: "none" },
    contract: {
      operationId: "reference",
      tag: "Server",
      summary: "Read this description as a page",
      replies: { 200: { description: "HTML without scripts", mediaType: "text/html", schema: z.string() } },
    },
    async handle() {
      page ??= renderReference(document());
      return textReply(200, await page, HEADERS);
    },
  });
}

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": REFERENCE_POLICY,
  "referrer-policy": "no-referrer",
} as const;
