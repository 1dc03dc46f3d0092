import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const spec = readFileSync(new URL("SPEC.md", root), "utf8");

/** `file` and the title after it, in the last column of the table of invariants. */
const named = [...spec.matchAll(/\| `(test\/[\w/-]+\.test\.ts)`(?:: (.+?))? \|$/gm)].map(
  ([, file = "", title]) => ({
    file,
    title,
  }),
);

describe("SPEC.md", () => {
  it("names a test for each of the twelve invariants", () => {
    for (let number = 1; number <= 12; number += 1) expect(spec).toContain(`| I${number} |`);
    expect(named.length).toBeGreaterThanOrEqual(12);
  });

  it.each(named)("$file has the test: $title", ({ file, title }) => {
    const url = new URL(file, root);
    expect(existsSync(fileURLToPath(url))).toBe(true);
    if (title === undefined) return;
    const titles = [
      ...readFileSync(url, "utf8").matchAll(
        /\bit(?:\.each\([\s\S]*?\))?\(\s*["'`]((?:[^"'`\\]|(?<=\w)')+)["'`]/g,
      ),
    ].map((match) => match[1]);
    expect(titles).toContain(title);
  });

  it("names every state of the flusher", () => {
    const options = readFileSync(new URL("src/flush/flusher-options.ts", root), "utf8");
    const states = /FlusherState = ([^;]+);/.exec(options)?.[1] ?? "";
    const list = [...states.matchAll(/"(\w+)"/g)].map(([, state]) => state);
    expect(list.length).toBe(6);
    for (const state of list) expect(spec).toContain(`| \`${state}\` |`);
  });
});
