import { afterEach, describe, expect, it, vi } from "vitest";
import { type MetadataSizeError, metadata, runs, task } from "../../src/index.ts";
import { startGuideServer } from "./guide-server.ts";

afterEach(() => vi.unstubAllEnvs());

/** A document of exactly this many bytes, whose JSON is `{"text":"…"}`. */
function documentOf(bytes: number): { text: string } {
  return { text: "x".repeat(bytes - '{"text":""}'.length) };
}

/** What a call throws. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return "nothing thrown";
  } catch (error) {
    return error;
  }
}

/** What is told of an error of size. */
function sizesOf(error: unknown): unknown {
  const { name, bytes, limitBytes } = error as MetadataSizeError;
  return { name, bytes, limitBytes };
}

describe("the limit of a metadata document", () => {
  it("is 4,096 bytes: one more throws at set, save and trigger, and changes nothing", async () => {
    await using server = await startGuideServer();
    const errors: unknown[] = [];
    const writing = task({
      id: "writing",
      run: async () => {
        metadata.save(documentOf(4096));
        errors.push(await thrownBy(() => metadata.set("text", documentOf(4097).text)));
        errors.push(await thrownBy(() => metadata.save(documentOf(4097))));
        errors.push(await thrownBy(() => metadata.set("a", 1)));
      },
    });
    const run = await server.execute(writing, undefined, { metadata: documentOf(4096) });
    errors.push(
      await thrownBy(() => writing.trigger(undefined, { metadata: documentOf(4097) })),
      await thrownBy(() => runs.updateMetadata(run.id, { metadata: documentOf(4097) })),
    );
    const tooLarge = { name: "MetadataSizeError", bytes: 4097, limitBytes: 4096 };
    const oneKeyMore = { ...tooLarge, bytes: 4096 + ',"a":1'.length };
    expect(errors.map(sizesOf)).toEqual([tooLarge, tooLarge, oneKeyMore, tooLarge, tooLarge]);
    expect(run).toMatchObject({ status: "COMPLETED", metadata: documentOf(4096) });
  });

  it("TASK_RUN_METADATA_MAXIMUM_SIZE raises it, here and at the server", async () => {
    vi.stubEnv("TASK_RUN_METADATA_MAXIMUM_SIZE", "10000");
    await using server = await startGuideServer();
    const errors: unknown[] = [];
    const raised = task({
      id: "raised",
      run: async () => {
        metadata.save(documentOf(10_000));
        errors.push(await thrownBy(() => metadata.save(documentOf(10_001))));
      },
    });
    const run = await server.execute(raised, undefined, { metadata: documentOf(9_000) });
    expect(errors.map(sizesOf)).toEqual([{ name: "MetadataSizeError", bytes: 10_001, limitBytes: 10_000 }]);
    expect(run).toMatchObject({ status: "COMPLETED", metadata: documentOf(10_000) });
  });

  it("holds at the server too, when the client's is higher", async () => {
    await using server = await startGuideServer();
    vi.stubEnv("TASK_RUN_METADATA_MAXIMUM_SIZE", "10000");
    const small = task({ id: "small", run: async () => {} });
    const { id } = await server.execute(small, undefined);
    await runs.updateMetadata(id, { metadata: documentOf(4096) });
    const refused = await thrownBy(() => runs.updateMetadata(id, { metadata: documentOf(4097) }));
    expect(refused).toMatchObject({ name: "ApiError", status: 413 });
    expect((refused as Error).message).toContain("4096");
    expect((await runs.retrieve(id)).metadata).toEqual(documentOf(4096));
  });
});
