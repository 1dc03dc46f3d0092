import type { Operation } from "@runmeta/runtime/protocol";
import { describe, expect, it, vi } from "vitest";
import { Kinship } from "../../src/service/metadata/kinship.ts";
import { RecentDocuments } from "../../src/service/metadata/recent-documents.ts";
import { MetadataWriter } from "../../src/service/metadata-writer.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { MemoryDocuments } from "./memory-documents.ts";
import { increment, put, set } from "./put.ts";

type Options = Partial<ConstructorParameters<typeof MetadataWriter>[0]>;

function setUp(options: Options = {}) {
  const storage = new MemoryDocuments();
  for (const id of ["run_a", "run_b", "run_c"]) storage.add(id);
  const waits: number[] = [];
  const errors: unknown[] = [];
  const writer = new MetadataWriter({
    storage,
    maximumSizeBytes: 4096,
    onError: (error) => errors.push(error),
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
    ...options,
  });
  return { storage, writer, waits, errors };
}

/** A door that a test opens. */
function door() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe("groups", () => {
  it("collect while a statement runs, and commit together in the next one", async () => {
    const { storage, writer } = setUp();
    const entered = door();
    const gate = door();
    storage.beforeWrite = () => {
      entered.open();
      return gate.opened;
    };
    const first = writer.update(put("run_a", { operations: [increment("n")] }));
    await entered.opened;
    const later = ["run_a", "run_b", "run_a", "run_c"].map((id) =>
      writer.update(put(id, { operations: [increment("n")] })),
    );
    gate.open();
    await Promise.all([first, ...later]);
    expect(storage.written.map((writes) => writes.map((write) => write.id))).toEqual([
      ["run_a"],
      ["run_a", "run_b", "run_c"],
    ]);
    expect(storage.document("run_a")).toEqual({ n: 3 });
    expect(storage.reads).toBe(2);
  });

  it("acknowledge after the commit, not before", async () => {
    const { storage, writer } = setUp();
    const entered = door();
    const gate = door();
    storage.beforeWrite = () => {
      entered.open();
      return gate.opened;
    };
    let answered = false;
    const update = writer
      .update(put("run_a", { operations: [increment("n")] }))
      .then(() => (answered = true));
    await entered.opened;
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    gate.open();
    await update;
  });

  it("read a parent in the same query once it is known", async () => {
    const { storage, writer } = setUp();
    storage.add("run_child", { parentId: "run_a", rootId: "run_a" });
    const request = () =>
      put("run_child", { parentOperations: [increment("n")], rootOperations: [increment("n")] });
    await writer.update(request());
    expect(storage.reads).toBe(2);
    await writer.update(request());
    expect(storage.reads).toBe(3);
    expect(storage.document("run_a")).toEqual({ n: 4 });
  });

  it("that are under way at the same time have no document in common, and a run's requests keep their order", async () => {
    const { storage, writer } = setUp({ maxGroups: 2 });
    storage.add("run_child", { parentId: "run_a", rootId: "run_a" });
    // From now on it is known whose child it is.
    await writer.update(put("run_child", { parentOperations: [increment("known")] }));
    const gate = door();
    const both = door();
    let writing = 0;
    storage.beforeWrite = () => {
      writing += 1;
      if (writing === 2) both.open();
      return gate.opened;
    };
    storage.written.length = 0;
    const update = (id: string, operations: Operation[]) => writer.update(put(id, { operations }));
    const first = update("run_a", [set("order", "first")]);
    while (writing === 0) await new Promise((resolve) => setImmediate(resolve));
    const others = [
      update("run_a", [set("order", "second")]),
      writer.update(put("run_child", { parentOperations: [increment("n")] })),
      update("run_child", [set("order", "behind its parent's")]),
      update("run_b", [increment("n")]),
    ];
    await both.opened;
    expect(storage.written.map((writes) => writes.map(({ id }) => id))).toEqual([["run_a"], ["run_b"]]);
    gate.open();
    const answers = await Promise.all([first, ...others]);
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill("updated"));
    expect(storage.document("run_a")).toEqual({ known: 1, order: "second", n: 1 });
  });

  it("are bounded", async () => {
    const { storage, writer } = setUp({ maxGroupUpdates: 2 });
    await Promise.all(
      ["run_a", "run_b", "run_c"].map((id) => writer.update(put(id, { operations: [increment("n")] }))),
    );
    expect(storage.written.map((writes) => writes.length)).toEqual([2, 1]);
  });

  it("are bounded by the bytes of their bodies", async () => {
    const { storage, writer } = setUp();
    const request = (id: string) => ({ ...put(id, { operations: [increment("n")] }), bodyBytes: 5_000_000 });
    await Promise.all(["run_a", "run_b", "run_c"].map((id) => writer.update(request(id))));
    expect(storage.written.map((writes) => writes.length)).toEqual([1, 1, 1]);
  });

  it("are bounded by the documents they may have to hold, parents and roots counted", async () => {
    const { storage, writer } = setUp({ maximumSizeBytes: 1024 * 1024 });
    const ids = Array.from({ length: 12 }, (_, index) => `run_child${index}`);
    for (const id of ids) storage.add(id, { parentId: "run_a", rootId: "run_a" });
    const request = (id: string) =>
      writer.update(put(id, { operations: [increment("n")], parentOperations: [increment("n")] }));
    await Promise.all([...ids, ...ids.slice(-1)].map(request));
    // 16 documents: eight children and what they may have for a parent; the repeated run shares its place.
    expect(storage.written.map((writes) => writes.length)).toEqual([9, 5]);
    expect(storage.document("run_a")).toEqual({ n: 13 });
  });

  it("let timers run between statements", async () => {
    const { storage, writer } = setUp({ maxGroupUpdates: 1 });
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 0);
    const late = Date.now() + 20;
    storage.beforeWrite = () => {
      while (Date.now() < late);
    };
    await Promise.all(
      Array.from({ length: 20 }, () => writer.update(put("run_a", { operations: [increment("n")] }))),
    );
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });
});

describe("the kinship that saves a query", () => {
  it("is forgotten, oldest first, when there is too much of it", () => {
    const { storage } = setUp();
    const kinship = new Kinship(2);
    for (const id of ["run_a", "run_b", "run_c"]) kinship.remember(storage.rows.get(id)!);
    expect(["run_a", "run_b", "run_c"].map((id) => kinship.of(id) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe("rows that were just written", () => {
  const count = (storage: MemoryDocuments, writer: MetadataWriter) => async (id: string, key?: string) => {
    const answer = await writer.update(put(id, { operations: [increment("n")] }, key));
    return { answer, reads: storage.reads };
  };

  it("are not read again", async () => {
    const { storage, writer } = setUp();
    const update = count(storage, writer);
    for (let round = 0; round < 3; round += 1) await update("run_a");
    expect((await update("run_a")).reads).toBe(1);
    expect((await update("run_b")).reads).toBe(2);
    expect(storage.document("run_a")).toEqual({ n: 4 });
  });

  it("D4 are read again once another server wrote them, and nothing it wrote is lost", async () => {
    const { storage, writer, waits } = setUp();
    const update = count(storage, writer);
    await update("run_a");
    storage.touch("run_a", '{"n":10}');
    expect(await update("run_a")).toMatchObject({ answer: { metadata: '{"n":11}' }, reads: 2 });
    expect(waits).toEqual([]);
  });

  it("are read again once their run changed, and once they are gone", async () => {
    const { storage, writer } = setUp();
    const update = count(storage, writer);
    await update("run_a");
    const ended = { finishedAt: new Date(Date.now() - 2 * 60 * 60 * 1000), runVersion: 1 };
    storage.rows.set("run_a", { ...storage.rows.get("run_a")!, ...ended });
    expect((await update("run_a")).answer).toEqual({ status: "completed" });
    await update("run_b");
    storage.rows.delete("run_b");
    expect((await update("run_b")).answer).toEqual({ status: "not-found" });
  });

  it("answer nothing by themselves: what no statement checks is read", async () => {
    const { storage, writer } = setUp({ maximumSizeBytes: 40 });
    const update = count(storage, writer);
    await update("run_a", "publisher.1");
    storage.touch("run_a", '{"n":7}');
    expect(await update("run_a", "publisher.1")).toMatchObject({ answer: { metadata: '{"n":7}' }, reads: 2 });
    await update("run_a");
    storage.touch("run_a", "{}");
    const large = await writer.update(put("run_a", { operations: [set("text", "x".repeat(28))] }));
    expect(large.status).toBe("updated");
  });

  it("are kept within the memory they may take, and not for ever", () => {
    const { storage } = setUp();
    const recent = new RecentDocuments({ limitBytes: 1_100 });
    for (const id of ["run_a", "run_b", "run_c"]) recent.keep(storage.rows.get(id)!);
    const known = () => ["run_a", "run_b", "run_c"].filter((id) => recent.find(id) !== undefined);
    expect(known()).toEqual(["run_b", "run_c"]);
    const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 61_000);
    expect(known()).toEqual([]);
    clock.mockRestore();
  });
});

describe("lost races", () => {
  it("D4 are read and applied again", async () => {
    const { storage, writer } = setUp();
    let races = 2;
    storage.beforeWrite = () => {
      if (races-- > 0) storage.touch("run_a", `{"n":${10 * (2 - races)}}`);
    };
    const operations: Operation[] = [increment("n"), { type: "append", key: "list", value: { x: [1] } }];
    await writer.update(put("run_a", { operations }));
    await writer.update(put("run_a", { operations: [{ type: "append", key: "$.list.0.x", value: 2 }] }));
    expect(storage.document("run_a")).toEqual({ n: 21, list: [{ x: [1, 2] }] });
    expect(operations[1]).toEqual({ type: "append", key: "list", value: { x: [1] } });
  });

  it("after three, each run goes by itself, so that a contended one holds up nobody", async () => {
    const { storage, writer } = setUp();
    storage.beforeWrite = (writes) => {
      if (writes.some((write) => write.id === "run_b")) storage.touch("run_b", "{}");
    };
    const answers = await Promise.all(
      ["run_a", "run_b", "run_c", "run_a"].map((id) =>
        writer.update(put(id, { operations: [increment("n")] })),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual(["updated", "unavailable", "updated", "updated"]);
    expect([storage.document("run_a"), storage.document("run_c")]).toEqual([{ n: 2 }, { n: 1 }]);
  });

  it("do not lose the limit: what fitted before may not fit after", async () => {
    const { storage, writer } = setUp({ maximumSizeBytes: 20 });
    let races = 1;
    storage.beforeWrite = () => {
      if (races-- > 0) storage.touch("run_a", '{"other":"xxxxxxx"}');
    };
    const answer = await writer.update(put("run_a", { operations: [set("mine", "y")] }));
    expect(answer.status).toBe("too-large");
    expect(storage.document("run_a")).toEqual({ other: "xxxxxxx" });
  });
});

describe("failing statements", () => {
  it("one poison request fails nobody else", async () => {
    const { storage, writer, errors } = setUp();
    storage.beforeWrite = (writes) => {
      if (writes.some((write) => write.metadata.includes("poison")))
        throw new Error("refused by the database");
    };
    const answers = await Promise.all([
      writer.update(put("run_a", { operations: [increment("n")] })),
      writer.update(put("run_b", { operations: [set("text", "poison")] })),
      writer.update(put("run_c", { operations: [increment("n")] }, "publisher.1")),
      writer.update(put("run_a", { operations: [increment("n")] })),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(["updated", "unavailable", "updated", "updated"]);
    expect(["run_a", "run_b", "run_c"].map((id) => storage.document(id))).toEqual([{ n: 2 }, {}, { n: 1 }]);
    expect(errors.length).toBeGreaterThan(0);
  });

  it("its neighbours go through without keys too, although their run has moved on meanwhile", async () => {
    const { storage, writer } = setUp();
    storage.beforeWrite = (writes) => {
      if (writes.some((write) => write.metadata.includes("poison")))
        throw new Error("refused by the database");
    };
    const answers = await Promise.all([
      writer.update(put("run_a", { operations: [increment("n")] })),
      writer.update(put("run_b", { operations: [set("text", "poison")] })),
      writer.update(put("run_a", { operations: [increment("n")] })),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(["updated", "unavailable", "updated"]);
  });

  it("a group that fails again and again is given up after eight seconds, the next one is tried", async () => {
    const { storage, writer } = setUp();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => 3000 * storage.reads);
    storage.beforeWrite = () => {
      throw new Error("refused by the database");
    };
    const request = () => writer.update(put("run_a", { operations: [increment("n")] }));
    const answers = await Promise.all(Array.from({ length: 100 }, request));
    clock.mockRestore();
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set(["unavailable"]));
    expect(storage.reads).toBe(3);
    storage.beforeWrite = () => {};
    expect((await request()).status).toBe("updated");
  });

  it.each([
    new StorageError("STORAGE_UNAVAILABLE", "the database is away"),
    Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
    Object.assign(new Error("serialization failure"), { code: "40001" }),
    new Error("wrapped", { cause: Object.assign(new Error("restarting"), { code: "57P01" }) }),
  ])("D5 %s is retried a little, then answered unavailable, and nothing is acknowledged", async (failure) => {
    const { storage, writer, waits } = setUp();
    storage.beforeRead = () => {
      throw failure;
    };
    const updates = ["run_a", "run_b"].map((id) => writer.update(put(id, { operations: [increment("n")] })));
    expect(await Promise.all(updates)).toEqual(Array(2).fill({ status: "unavailable", retryAfterMs: 1000 }));
    expect(storage.reads).toBe(3);
    expect(waits).toEqual([50, 200]);
    storage.beforeRead = () => {};
    expect((await writer.update(put("run_a", { operations: [increment("n")] }))).status).toBe("updated");
  });

  it("F4 a statement that failed after its commit is not applied again without a key", async () => {
    const { storage, writer } = setUp();
    let failures = 1;
    storage.afterWrite = () => {
      if (failures-- > 0) throw new StorageError("STORAGE_UNAVAILABLE", "connection lost");
    };
    const answers = await Promise.all([
      writer.update(put("run_a", { operations: [increment("n")] }, "publisher.1")),
      writer.update(put("run_a", { operations: [increment("n")] })),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(["updated", "unavailable"]);
    expect(storage.document("run_a")).toEqual({ n: 2 });
  });

  it("a statement that failed before its commit is applied again, key or not", async () => {
    const { storage, writer } = setUp();
    let failures = 2;
    storage.beforeWrite = () => {
      if (failures-- > 0) throw new StorageError("STORAGE_UNAVAILABLE", "connection lost");
    };
    const answer = await writer.update(put("run_a", { operations: [increment("n")] }));
    expect(answer.status).toBe("updated");
    expect(storage.document("run_a")).toEqual({ n: 1 });
  });

  it("a listener that throws disturbs neither the answer nor the next group", async () => {
    const { storage, writer } = setUp({
      onChange: () => {
        throw new Error("listener");
      },
    });
    for (const n of [1, 2]) {
      const answer = await writer.update(put("run_a", { operations: [increment("n")] }));
      expect(answer).toMatchObject({ status: "updated", metadata: `{"n":${n}}` });
    }
    expect(storage.written).toHaveLength(2);
  });
});

describe("back pressure", () => {
  it("turns away what cannot wait, and takes it again later", async () => {
    const { storage, writer } = setUp({ maxPendingUpdates: 2 });
    const request = () => writer.update(put("run_a", { operations: [increment("n")] }));
    const answers = await Promise.all([request(), request(), request()]);
    expect(answers.map((answer) => answer.status)).toEqual(["updated", "updated", "unavailable"]);
    expect((await request()).status).toBe("updated");
    expect(storage.document("run_a")).toEqual({ n: 3 });
  });

  it("counts the bytes that wait; a single large request still goes", async () => {
    const { writer } = setUp({ maxPendingBytes: 100 });
    const request = () => writer.update(put("run_a", { operations: [set("text", "x".repeat(200))] }));
    const answers = await Promise.all([request(), request()]);
    expect(answers.map((answer) => answer.status)).toEqual(["updated", "unavailable"]);
    expect((await request()).status).toBe("updated");
    const small = () => writer.update({ ...put("run_a", { operations: [increment("n")] }), bodyBytes: 40 });
    const later = await Promise.all([small(), small(), small()]);
    expect(later.map((answer) => answer.status)).toEqual(["updated", "updated", "unavailable"]);
  });

  it("close answers what waits and takes no more", async () => {
    const { storage, writer } = setUp();
    let answered = false;
    const waiting = writer.update(put("run_a", { operations: [increment("n")] })).then((answer) => {
      answered = true;
      return answer;
    });
    const closed = writer.close();
    expect((await writer.update(put("run_a", { operations: [increment("n")] }))).status).toBe("unavailable");
    await closed;
    expect(answered).toBe(true);
    expect((await waiting).status).toBe("updated");
    expect(storage.document("run_a")).toEqual({ n: 1 });
  });
});
