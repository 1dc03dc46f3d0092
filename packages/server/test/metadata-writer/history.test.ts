import { applyOperation, type JsonObject, type JsonValue, type Operation } from "@runmeta/runtime/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MetadataHistory } from "../../src/service/metadata-history.ts";
import { MetadataWriter } from "../../src/service/metadata-writer.ts";
import type { StoredHistory } from "../../src/storage/storage.ts";
import { newRun } from "./new-run.ts";
import { increment, put, set } from "./put.ts";
import { databaseNames, openDatabase, type SharedDatabase } from "./shared-database.ts";

const maxChanges = 6;
const maxBytes = 400;
const limitBytes = 300;

const key = fc.constantFrom("a", "b", "list", "$.o.x", "$.list.2", "$.o[*]");
const value: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.integer(),
  fc.constantFrom<JsonValue>("é", "\ud800", "\0", null, true, { x: [1] }),
);
const change: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ type: fc.constantFrom("set" as const, "append" as const, "remove" as const), key, value }),
  fc.record({
    type: fc.constant("increment" as const),
    key,
    value: fc.double({ noNaN: true, min: -9, max: 9 }),
  }),
  fc.record({ type: fc.constant("delete" as const), key }),
  fc.record({ type: fc.constant("set" as const), key, value: fc.constant("x".repeat(150)) }),
  fc.record({ type: fc.constant("update" as const), value: fc.dictionary(fc.constantFrom("a", "o"), value) }),
);
const changes = fc.array(change, { maxLength: 3 });
const update = fc.oneof(
  { weight: 6, arbitrary: fc.record({ operations: changes, parentOperations: changes }) },
  { weight: 1, arbitrary: fc.record({ metadata: fc.dictionary(fc.constantFrom("a", "list"), value) }) },
);
const step = fc.record({
  update,
  writer: fc.nat(1),
  child: fc.boolean(),
  copies: fc.integer({ min: 1, max: 3 }),
});

/** What a history says the document is. */
function fold(history: StoredHistory): JsonObject {
  let document = JSON.parse(history.base?.document ?? "") as JsonObject;
  for (const { operations } of history.changes) {
    for (const operation of JSON.parse(operations) as Operation[])
      document = applyOperation(document, operation).document;
  }
  return document;
}

describe.each(databaseNames)("history on %s", (name) => {
  let database: SharedDatabase;
  let histories: MetadataHistory[];
  let writers: MetadataWriter[];
  const errors: unknown[] = [];

  beforeAll(async () => {
    database = await openDatabase(name);
    const onError = (error: unknown) => errors.push(error);
    histories = database.storages.map(
      (storage) =>
        new MetadataHistory({ storage, maximumSizeBytes: limitBytes, maxChanges, maxBytes, onError }),
    );
    writers = database.storages.map(
      (storage, index) =>
        new MetadataWriter({
          storage,
          maximumSizeBytes: limitBytes,
          maxGroups: 2,
          onRecorded: (sizes) => histories[index]?.noteSizes(sizes),
          onError,
        }),
    );
  });
  afterAll(async () => {
    for (const part of [...writers, ...histories]) await part.close();
    await database[Symbol.asyncDispose]();
    expect(errors).toEqual([]);
  });

  let count = 0;
  async function newFamily(metadata = "{}"): Promise<{ parent: string; child: string }> {
    count += 1;
    const [parent, child] = [`run_parent${count}`, `run_child${count}`];
    const kin = { parentId: parent, rootId: parent, depth: 1 };
    await database.storages[0].insertRuns([
      newRun(parent, { metadata }),
      newRun(child, { metadata, ...kin }),
    ]);
    return { parent, child };
  }

  async function historyOf(id: string): Promise<StoredHistory> {
    const history = await histories[0]?.read("dev", id, undefined);
    if (history === undefined) throw new Error(`no run ${id}`);
    return history;
  }

  async function expectHistory(id: string): Promise<void> {
    const [row] = await database.storages[0].readDocuments([id]);
    const history = await historyOf(id);
    // As JSON: a text is what is stored, and it has no signed zeros.
    expect(JSON.stringify(fold(history))).toBe(row?.metadata);
    const versions = [history.base?.version ?? Number.NaN, ...history.changes.map((entry) => entry.version)];
    expect(versions).toEqual([...new Set(versions)].toSorted((left, right) => left - right));
  }

  it("D4 base and changes make the document, whatever was written and folded", async () => {
    const law = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const { parent, child } = await newFamily('{"list":[1,2,3],"o":{"x":1}}');
      const sent = steps.flatMap(({ copies, ...rest }, index) =>
        Array.from({ length: copies }, () => ({ ...rest, key: `publisher.${index}` })),
      );
      for (let position = 0; position < sent.length; position += 4) {
        const together = sent.slice(position, position + 4);
        await Promise.all(
          together.map((one) =>
            writers[one.writer]?.update(
              put(one.child ? child : parent, one.update, `${one.child}${one.key}`),
            ),
          ),
        );
        await expectHistory(parent);
      }
      await expectHistory(child);
    });
    await fc.assert(law, { numRuns: 12 });
  });

  it("stays within its bounds, and keeps the newest", async () => {
    const { parent } = await newFamily();
    for (let n = 1; n <= 50; n += 1) await writers[0]?.update(put(parent, { operations: [set("n", n)] }));
    await expect.poll(async () => (await historyOf(parent)).changes.length).toBeLessThanOrEqual(maxChanges);
    const { base, changes } = await historyOf(parent);
    expect(changes.length).toBeGreaterThanOrEqual(maxChanges / 2);
    expect(changes.at(-1)).toMatchObject({
      version: 50,
      operations: '[{"type":"set","key":"n","value":50}]',
    });
    expect(base?.document).toBe(JSON.stringify({ n: 50 - changes.length }));
    const [row] = await database.storages[0].readDocuments([parent]);
    const bytes = changes.reduce((sum, { operations }) => sum + operations.length, 0);
    expect(row).toMatchObject({ changeCount: changes.length, changeBytes: bytes });
  });

  it("D4 two servers that race, and batches that are sent again, leave each change once", async () => {
    const { parent } = await newFamily();
    const line = async (writer: number, publisher: string) => {
      for (let sequence = 1; sequence <= 20; ) {
        const request = put(parent, { operations: [increment("n")] }, `${publisher}.${sequence}`);
        const [answer] = await Promise.all([
          writers[writer]?.update(request),
          writers[1 - writer]?.update(request),
        ]);
        if (answer?.status === "updated") sequence += 1;
      }
    };
    await Promise.all([line(0, "a"), line(1, "b")]);
    expect(fold(await historyOf(parent))).toEqual({ n: 40 });
  });
});
