import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutText, textBlocks } from "../../src/run/text/cut-text.ts";
import { escapeInvisible, visibleLine, visibleText } from "../../src/run/text/visible-text.ts";

describe("W3 characters that nobody sees", () => {
  test.each([
    ["admin\u200b", "admin⟨U+200B⟩"],
    ["\u202etxt.exe", "⟨U+202E⟩txt.exe"],
    ["a\u200b\u200b\u200bb", "a⟨U+200B ×3⟩b"],
    ["\u0000\u0007", "⟨U+0000⟩⟨U+0007⟩"],
    ["half \ud800", "half ⟨U+D800⟩"],
    ["tag\u{e0041}\u{e0041}", "tag⟨U+E0041 ×2⟩"],
    ["pay\u200dpal", "pay⟨U+200D⟩pal"],
    ["end\u200d", "end⟨U+200D⟩"],
  ])("%j is shown as %s", (text, shown) => {
    expect(visibleLine(text)).toBe(shown);
  });

  test.each([
    "plain",
    "שלום עולם",
    "مرحبا",
    "می\u200cخواهم",
    "👩\u200d👩\u200d👧",
    "❤\ufe0f",
    "a\tb\nc",
    "naïve",
  ])("%j is as it is", (text) => {
    expect(visibleText(text)).toEqual([{ kind: "text", text }]);
  });

  test("are escapes in a JSON text, which is read as the same value", () => {
    const unit = fc.constantFrom(
      "a",
      "\\",
      '"',
      "\n",
      "😀",
      "\u200b",
      "\u200d",
      "\u202e",
      "\ud800",
      "\u0000",
      "\u{e0041}",
    );
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const escaped = escapeInvisible(JSON.stringify({ text }, null, 2));
        expect(JSON.parse(escaped)).toEqual({ text });
        expect(escaped).not.toMatch(/[\u200b\u202e]/);
      }),
    );
    expect(escapeInvisible('"\u202egnp"')).toBe('"\\u202egnp"');
  });

  test("leave everything else in place", () => {
    const unit = fc.constantFrom("a", "ש", "😀", "\u200b", "\u200d", "\u202e", "\ud800", "\udc00", "\u0000");
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const rest = visibleText(text).filter((piece) => piece.kind === "text");
        let from = 0;
        for (const piece of rest) {
          const found = text.indexOf(piece.text, from);
          expect(found).toBeGreaterThanOrEqual(from);
          from = found + piece.text.length;
        }
      }),
    );
  });
});

describe("W3 long texts", () => {
  test("are cut into blocks that lose only the line feeds between them", () => {
    const unit = fc.constantFrom("a", "\n", "😀", "ש", "\ud800");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), fc.integer({ min: 2, max: 9 }), (text, length) => {
        const blocks = textBlocks(text, length);
        for (const block of blocks) expect(block.length).toBeLessThanOrEqual(length);
        expect(text.length - blocks.join("").length).toBeLessThan(blocks.length);
        expect(blocks.join("").replaceAll("\n", "")).toBe(text.replaceAll("\n", ""));
        for (const block of blocks.slice(1)) expect(/^[\udc00-\udfff]/.test(block)).toBe(false);
      }),
    );
  });

  test("are cut short without halving a character", () => {
    expect(cutText("ab😀", 3)).toBe("ab");
    expect(cutText("ab😀", 4)).toBe("ab😀");
  });
});
