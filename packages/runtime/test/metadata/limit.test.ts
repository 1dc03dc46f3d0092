import { afterEach, describe, expect, it, vi } from "vitest";
import { MetadataSizeError, memoryTarget, metadata, withRun } from "../../src/index.ts";

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).byteLength;

/** Runs `body` inside a run whose limit is `maximumSize`. */
function inRun<T>(maximumSize: number, body: () => T, initial: object = {}): Promise<T> {
  return withRun(
    { target: memoryTarget({ ...initial } as never), metadata: initial, maximumSize },
    async () => body(),
  );
}

/** At the size that `write` leads to it is accepted, at one byte less it throws and changes nothing. */
async function expectExactLimit(write: () => void, initial: object = {}): Promise<void> {
  const size = await inRun(
    100_000,
    () => {
      write();
      return bytesOf(metadata.current());
    },
    initial,
  );
  await inRun(
    size,
    () => {
      write();
      expect(bytesOf(metadata.current())).toBe(size);
    },
    initial,
  );
  await inRun(
    size - 1,
    () => {
      const before = metadata.current();
      expect(write).toThrow(MetadataSizeError);
      expect(metadata.current()).toEqual(before);
      // The byte count did not move either: what fits, still fits.
      if (bytesOf(before) + 6 <= size - 1) metadata.set("z", 1);
    },
    initial,
  );
}

const texts: Record<string, string> = {
  ASCII: "abc",
  "two bytes": "é",
  "a surrogate pair": "😀",
  "a quote": '"',
  "a line break": "\n",
  "U+2028": "\u2028",
  "a lone high surrogate": "\ud800",
  "a lone low surrogate": "a\udc00b",
  NUL: "\u0000",
  "a backslash": "\\",
  DEL: "\u007f",
};

afterEach(() => vi.unstubAllEnvs());

describe("the size limit", () => {
  for (const [kind, text] of Object.entries(texts)) {
    it(`R8 counts ${kind} as it stands in JSON, in values, keys, lists and paths, and keeps it exactly`, async () => {
      const long = text.repeat(5);
      await expectExactLimit(() => metadata.set("key", long));
      await expectExactLimit(() => metadata.set(`key${text}`, 1));
      await expectExactLimit(() => metadata.append("list", long), { list: [1] });
      await expectExactLimit(() => metadata.append("list", { [text]: text }));
      await expectExactLimit(() => metadata.save({ [`k${text}`]: [long, { a: text }] }));
      await expectExactLimit(() => metadata.set("$.a.b.c", long));
      await expectExactLimit(() => metadata.append("$.a.list", long), { a: { list: [] } });
      await inRun(4_096, () => {
        metadata.set("key", long).set(`k${text}`, text).append("list", text);
        expect(metadata.get("key")).toBe(long);
        expect(metadata.get(`k${text}`)).toBe(text);
        expect(metadata.get("list")).toEqual([text]);
      });
    });
  }

  it("R8 counts a digit more: increment from 9 to 10, literal and path, also down to a minus sign", async () => {
    await expectExactLimit(() => metadata.increment("n"), { n: 9 });
    await expectExactLimit(() => metadata.increment("$.a.n"), { a: { n: 9 } });
    await expectExactLimit(() => metadata.decrement("n"), { n: 0 });
    await expectExactLimit(() => metadata.increment("n", 0.1), { n: 1 });
    await expectExactLimit(() => metadata.set("$.list[3]", true), { list: [1] });
    await expectExactLimit(() => metadata.set("$.*", "xyz"), { a: 1, b: 2 });
  });

  it("R8 is 4,096 bytes by default, exactly, and TASK_RUN_METADATA_MAXIMUM_SIZE raises it", async () => {
    const room = 4_096 - bytesOf({ text: "" });
    await withRun({ target: memoryTarget() }, async () => {
      metadata.set("text", "x".repeat(room));
      expect(() => metadata.set("text", "x".repeat(room + 1))).toThrow(MetadataSizeError);
      expect(metadata.get("text")).toHaveLength(room);
    });
    vi.stubEnv("TASK_RUN_METADATA_MAXIMUM_SIZE", "5000");
    await withRun({ target: memoryTarget() }, async () => {
      metadata.set("text", "x".repeat(5_000 - bytesOf({ text: "" })));
      expect(() => metadata.set("y", 1)).toThrow(MetadataSizeError);
    });
  });

  it.each(["abc", "1", "1e4", "0x1000", "-5"])(
    "a limit of %s in the environment is refused before the body is called, as the server refuses it",
    async (text) => {
      vi.stubEnv("TASK_RUN_METADATA_MAXIMUM_SIZE", text);
      const body = vi.fn();
      await expect(withRun({ target: memoryTarget() }, body)).rejects.toThrow(
        `TASK_RUN_METADATA_MAXIMUM_SIZE must be a whole number of bytes of at least 2, got "${text}"`,
      );
      expect(body).not.toHaveBeenCalled();
    },
  );

  it("R8 names bytes, limit and key in the error", async () => {
    await inRun(20, () => {
      try {
        metadata.set("text", "x".repeat(100));
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: expect.any(String), limitBytes: 20, key: "text" });
        expect((error as MetadataSizeError).bytes).toBeGreaterThan(20);
      }
    });
  });

  it("lets a document that is too large already shrink, not grow", async () => {
    await inRun(30, async () => {
      metadata.set("a", "x".repeat(10));
    });
    const large = memoryTarget({ a: "x".repeat(50), b: "y" });
    await withRun({ target: large, maximumSize: 30 }, async () => {
      await metadata.refresh();
      expect(metadata.get("a")).toHaveLength(50);
      metadata.set("a", "x".repeat(25));
      expect(() => metadata.set("a", "x".repeat(26))).toThrow(MetadataSizeError);
      metadata.del("a");
      expect(metadata.current()).toEqual({ b: "y" });
    });
  });

  it("I3 a gap that no server would fill is refused, and changes nothing", async () => {
    await inRun(10_000_000, () => {
      metadata.set("list", [1]);
      expect(() => metadata.set("$.list[900000]", 1)).toThrow();
      expect(() => metadata.set("$.other[900000]", 1)).toThrow();
      expect(() => metadata.set("$.list[4294967294]", 1)).toThrow();
      expect(metadata.current()).toEqual({ list: [1] });
      metadata.save({ text: "x".repeat(10_000_000 - bytesOf({ text: "" })) });
      expect(() => metadata.set("y", 1)).toThrow(MetadataSizeError);
    });
  });
});
