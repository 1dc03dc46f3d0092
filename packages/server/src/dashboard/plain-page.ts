import { html } from "hono/html";
import type { Reply } from "../http/reply.ts";
import { PAGE_HEADERS } from "./page-headers.ts";

/** A page of one heading and one paragraph, for when the dashboard itself cannot be shown. Both are escaped. */
export async function plainPage(
  status: number,
  title: string,
  text: string,
  link?: { readonly href: string; readonly text: string },
): Promise<Reply> {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
</head>
<body>
<h1>${title}</h1>
<p>${text}</p>
${link === undefined ? "" : html`<p><a href="${link.href}">${link.text}</a></p>`}
</body>
</html>
`;
  return {
    status,
    body: String(await page),
    headers: { ...PAGE_HEADERS, "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
  };
}
