import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { buildPages, builtPages } from "./built-pages.ts";

test("the first load is below 200 KB gzipped, without inline code and without anything from elsewhere", async () => {
  await buildPages();
  const html = await readFile(join(builtPages, "index.html"), "utf8");
  expect(html).not.toMatch(/<style|style="|<script(?![^>]* src="\/assets\/)|https?:\/\//);
  // Everything counts, what is loaded later too.
  const names = await readdir(join(builtPages, "assets"));
  const files = await Promise.all(names.map((name) => readFile(join(builtPages, "assets", name))));
  const bytes = [Buffer.from(html), ...files].reduce((sum, file) => sum + gzipSync(file).length, 0);
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThan(200_000);
  for (const [index, file] of files.entries()) expect(file.includes("ZodError"), names[index]).toBe(false);
});
