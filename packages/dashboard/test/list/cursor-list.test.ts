import { expect, test } from "vitest";
import { CursorList, type ListSource } from "../../src/list/cursor-list.ts";
import { mergeSlice } from "../../src/list/merge-slice.ts";

const rows = (...ids: string[]) => ids.map((id) => ({ id }));
const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id).join("");
const never = new AbortController().signal;

test("what was read again takes the place of what was held there; the rest stays", () => {
  const held = rows("a", "b", "c", "d", "e");
  const merged = mergeSlice(held, 1, rows("b", "d"), false);
  expect([ids(merged.rows), merged.keptTail]).toEqual(["abde", true]);
  const onTop = mergeSlice(held, 0, rows("x", "a", "b"), false);
  expect([ids(onTop.rows), onTop.keptTail]).toEqual(["xabcde", true]);
});

test("behind a row that nobody knew, or the end, nothing that was held is believed", () => {
  const held = rows("a", "b", "c");
  const unknown = mergeSlice(held, 1, rows("b", "x"), false);
  expect([ids(unknown.rows), unknown.keptTail]).toEqual(["abx", false]);
  const end = mergeSlice(held, 1, rows("b"), true);
  expect([ids(end.rows), end.keptTail]).toEqual(["ab", false]);
});

test("a row that has not changed stays the same object", () => {
  const held = [
    { id: "a", step: 1 },
    { id: "b", step: 1 },
  ];
  const { rows: merged } = mergeSlice(held, 0, [{ ...held[0]!, step: 2 }, { ...held[1]! }], false);
  expect(merged[1]).toBe(held[1]);
  expect(merged[0]).toEqual({ id: "a", step: 2 });
});

/** A server whose list can be changed; a cursor is the id of the row before. */
function server(all: { ids: string[] }): ListSource<{ id: string }> {
  return {
    cursorOf: ({ id }) => id,
    async read({ size, after }) {
      const from = after === undefined ? 0 : all.ids.indexOf(after) + 1;
      const page = all.ids.slice(from, from + size);
      const more = from + size < all.ids.length;
      const value = { rows: rows(...page), next: more ? page.at(-1) : undefined };
      return { ok: true, value, headers: new Headers() };
    },
  };
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => `row${String(index).padStart(4, "0")}`);

test("pages follow each other without a gap or a repetition, until the end", async () => {
  const all = { ids: numbered(250) };
  const list = new CursorList(server(all));
  await list.refresh({ first: 0, last: 20 }, never);
  while (!list.state().complete) {
    const { length } = list.state().rows;
    list.loadMore({ first: length - 1, last: length - 1 });
    await expect.poll(() => list.state().rows.length).toBeGreaterThan(length);
  }
  expect(list.state().rows.map(({ id }) => id)).toEqual(all.ids);
});

test("at the top new rows appear; further down they are counted, and nothing above moves", async () => {
  const all = { ids: numbered(120) };
  const list = new CursorList(server(all));
  await list.refresh({ first: 0, last: 20 }, never);
  list.loadMore({ first: 31, last: 31 });
  await expect.poll(() => list.state().rows.length).toBe(120);
  all.ids = ["new1", "new2", ...all.ids];
  await list.refresh({ first: 60, last: 80 }, never);
  expect(list.state()).toMatchObject({ waiting: 2, waitingMore: false });
  expect(list.state().rows[0]?.id).toBe("row0000");
  await list.refresh({ first: 0, last: 20 }, never);
  expect(list.state()).toMatchObject({ waiting: 0 });
  expect(list.state().rows.map(({ id }) => id)).toEqual(all.ids);
});

test("a row on the screen that no longer matches goes away", async () => {
  const all = { ids: numbered(100) };
  const list = new CursorList(server(all));
  await list.refresh({ first: 0, last: 98 }, never);
  all.ids = all.ids.filter((id) => id !== "row0050");
  await list.refresh({ first: 40, last: 60 }, never);
  expect(list.state().rows.map(({ id }) => id)).toEqual(all.ids);
});
