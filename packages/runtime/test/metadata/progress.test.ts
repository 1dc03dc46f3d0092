import { manualClock } from "@runmeta/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineMetadata, memoryTarget, metadata, withRun } from "../../src/index.ts";

describe("metadata.progress", () => {
  it("keeps done, total, percent, rate and what is left under its key", async () => {
    const clock = manualClock();
    const finished = withRun({ target: memoryTarget(), clock }, async () => {
      const progress = metadata.progress(200);
      expect(metadata.get("progress")).toEqual({
        done: 0,
        total: 200,
        percent: 0,
        ratePerSecond: 0,
        etaMs: null,
      });
      for (let i = 0; i < 10; i += 1) {
        await clock.advance(1_000);
        progress.advance(10);
      }
      expect(metadata.get("progress")).toEqual({
        done: 100,
        total: 200,
        percent: 50,
        ratePerSecond: 10,
        etaMs: 10_000,
      });
      progress.done();
      expect(metadata.get("progress")).toMatchObject({ done: 200, percent: 100, etaMs: 0 });
    });
    await clock.settle();
    await finished;
  });

  it("percent never goes down and never passes 100; several have keys of their own", async () => {
    await withRun({ target: memoryTarget() }, () => {
      const files = metadata.progress(10, { key: "files" });
      const rows = metadata.progress(0, { key: "rows" });
      files.advance(5);
      files.advance(-3);
      expect(metadata.get("files")).toMatchObject({ done: 2, percent: 50 });
      files.advance(20);
      expect(metadata.get("files")).toMatchObject({ done: 22, percent: 100, etaMs: 0 });
      rows.advance();
      expect(metadata.get("rows")).toMatchObject({ total: 0, percent: 100 });
      expect(metadata.get("progress")).toBeUndefined();
    });
  });

  it("belongs to the run it was made in, wherever it is advanced", async () => {
    const [outer, inner] = [memoryTarget(), memoryTarget()];
    await withRun({ target: outer }, async () => {
      const progress = metadata.progress(2);
      await withRun({ target: inner }, () => progress.advance());
    });
    expect(outer.document()).toMatchObject({ progress: { done: 1, percent: 50 } });
    expect(inner.document()).toEqual({});
  });

  it("refuses a total or a step that is no number", async () => {
    await withRun({ target: memoryTarget() }, () => {
      expect(() => metadata.progress(-1)).toThrow("0 or more");
      expect(() => metadata.progress(1).advance(Number.NaN)).toThrow("finite");
    });
  });
});

describe("defineMetadata", () => {
  const typed = defineMetadata(
    z.object({ rows: z.number(), at: z.coerce.date<Date | string>(), tags: z.array(z.string()).default([]) }),
  );

  it("writes as JSON and reads what the schema makes of it", async () => {
    await withRun({ target: memoryTarget() }, async () => {
      typed
        .set("rows", 1)
        .set("at", new Date(5))
        .increment("rows")
        .append("tags", "x")
        .append("tags", "y")
        .remove("tags", "x");
      expect(typed.current()).toEqual({ rows: 2, at: new Date(5), tags: ["y"] });
      expect(typed.get("at")).toBeInstanceOf(Date);
      expect(metadata.get("at")).toBe("1970-01-01T00:00:00.005Z");
      await typed.flush();
    });
  });

  it("throws the schema's issues with their path when the document does not fit", async () => {
    await withRun({ target: memoryTarget() }, () => {
      metadata.set("rows", "three").set("at", new Date(0));
      expect(() => typed.current()).toThrow(
        expect.objectContaining({ name: "MetadataValueError", path: "$.rows" }),
      );
    });
  });

  it("takes only schemas that validate synchronously", async () => {
    const slow = defineMetadata(z.object({ a: z.string().refine(() => Promise.resolve(true)) }));
    await withRun({ target: memoryTarget() }, () => {
      metadata.set("a", "x");
      expect(() => slow.current()).toThrow();
    });
  });
});
