import { applyOperations, type JsonObject, type Operation } from "@runmeta/runtime/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MetadataWriter, type UpdateResult } from "../../src/service/metadata-writer.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { MemoryDocuments } from "./memory-documents.ts";
import { put } from "./put.ts";

/** A family of five: run_1 is the root, run_2 and run_3 its children, run_4 and run_5 below them. */
const family = [
  { id: "run_1" },
  { id: "run_2", parentId: "run_1", rootId: "run_1" },
  { id: "run_3", parentId: "run_1", rootId: "run_1" },
  { id: "run_4", parentId: "run_2", rootId: "run_1" },
  { id: "run_5", parentId: "run_3", rootId: "run_1" },
];

const change: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    type: fc.constant("set" as const),
    key: fc.constantFrom("a", "b", "$.o.x"),
    value: fc.integer(),
  }),
  fc.record({ type: fc.constant("set" as const), key: fc.constant("o"), value: fc.constant({ x: 0 }) }),
  fc.record({
    type: fc.constant("append" as const),
    key: fc.constantFrom("list", "$.o.x"),
    value: fc.nat(9),
  }),
  fc.record({ type: fc.constant("remove" as const), key: fc.constant("list"), value: fc.nat(9) }),
  fc.record({ type: fc.constant("delete" as const), key: fc.constantFrom("a", "b", "list") }),
);
const changes = fc.array(change, { maxLength: 3 });

const step = fc.record({
  run: fc.constantFrom(...family),
  own: changes,
  parent: fc.option(changes, { nil: undefined }),
  root: fc.option(changes, { nil: undefined }),
  keyed: fc.boolean(),
  /** How many replies are lost, and how many copies are on the way at once. */
  lost: fc.nat(2),
  copies: fc.integer({ min: 1, max: 3 }),
  /** Which of two servers takes it. */
  server: fc.nat(1),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const fault = fc.constantFrom("none", "none", "none", "refused", "away", "reply lost", "late");

/** Sends one request until its answer is final, and its copies along the way. */
async function deliver(
  writers: MetadataWriter[],
  request: ReturnType<typeof put>,
  step: Step,
): Promise<UpdateResult[]> {
  const answers: UpdateResult[] = [];
  const keyed = request.idempotencyKey !== undefined;
  let rest = keyed ? step.lost : 0;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const copies = keyed ? step.copies : 1;
    const sent = Array.from({ length: copies }, (_, copy) =>
      writers[(step.server + copy) % 2]!.update(request),
    );
    const received = await Promise.all(sent);
    answers.push(...received);
    if (!keyed) return answers;
    if (received.some((answer) => answer.status === "unavailable")) continue;
    if (rest-- === 0) return answers;
  }
  throw new Error("no answer");
}

describe("I9 F4 D4 any interleaving of clients, servers, faults and lost replies", () => {
  it("leaves every document as the fold of the accepted requests, each once, in one order", async () => {
    const property = fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 4 }),
      fc.array(fault, { minLength: 5, maxLength: 40 }),
      fc.constantFrom(300, 4096),
      checkModel,
    );
    await fc.assert(property, { numRuns: 100 });
  });
});

async function checkModel(clients: Step[][], faults: string[], maximumSizeBytes: number): Promise<void> {
  const storage = new MemoryDocuments();
  for (const { id, ...kin } of family) storage.add(id, kin);
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  let writes = 0;
  let nextFault = "none";
  storage.beforeRead = turn;
  storage.beforeWrite = async () => {
    // After the list has been used up twice the storage is well again, so that everything ends.
    const now = writes < 2 * faults.length ? (faults[writes % faults.length] ?? "none") : "none";
    writes += 1;
    if (now === "late") await turn();
    if (now === "refused") throw new Error("the statement is refused");
    if (now === "away") throw new StorageError("STORAGE_UNAVAILABLE", "connection refused");
    nextFault = now;
  };
  storage.afterWrite = () => {
    const now = nextFault;
    nextFault = "none";
    if (now === "reply lost") throw new StorageError("STORAGE_UNAVAILABLE", "connection lost");
  };
  const writers = [0, 1].map(
    () => new MetadataWriter({ storage, maximumSizeBytes, wait: turn, maxGroupUpdates: 5 }),
  );

  const sent = new Map<string, { step: Step; answers: UpdateResult[] }>();
  await Promise.all(
    clients.map(async (steps, client) => {
      for (const [index, step] of steps.entries()) {
        const name = `${client}.${index}`;
        const signed = (target: Target, operations: Operation[] | undefined) =>
          operations && [...operations, ...signature(`${name} ${target}`)];
        const update = {
          operations: signed("own", step.own),
          parentOperations: signed("parent", step.parent),
          rootOperations: signed("root", step.root),
        };
        const request = put(step.run.id, update, step.keyed ? `client${client}.${index}` : undefined);
        sent.set(name, { step, answers: await deliver(writers, request, step) });
      }
    }),
  );
  await Promise.all(writers.map((writer) => writer.close()));

  for (const { id } of family) {
    const document = storage.document(id) as JsonObject;
    const log = (document.log ?? []) as string[];
    expect(document.n ?? 0).toBe(log.length);
    expect(Buffer.byteLength(JSON.stringify(document))).toBeLessThanOrEqual(maximumSizeBytes);

    let replayed: JsonObject = {};
    for (const mark of log) {
      const [name = "", target = "own"] = mark.split(" ") as [string, Target];
      const operations = [...(sent.get(name)!.step[target] ?? []), ...signature(mark)];
      replayed = applyOperations(replayed, operations).document;
    }
    expect(document).toEqual(replayed);

    const marks = new Set<string>(log);
    expect(log.length, "a part of a request was applied twice").toBe(marks.size);
    for (const [name, { step, answers }] of sent) {
      const updated = answers.find((answer) => answer.status === "updated");
      // Without a key, a request that was sent away may have been applied.
      const uncertain = !step.keyed && answers[0]?.status === "unavailable";
      for (const target of ["own", "parent", "root"] as const) {
        if (step[target] === undefined || uncertain) continue;
        const refused = updated?.refused.some((refusal) => refusal.target === target);
        const expected = updated !== undefined && !refused && placeOf(step, target) === id;
        expect(marks.has(`${name} ${target}`), `${name} ${target} in ${id}`).toBe(expected);
      }
    }
  }
}

type Target = "own" | "parent" | "root";

/** What each part of a request leaves in the document it is applied to. */
function signature(mark: string): Operation[] {
  return [
    { type: "append", key: "log", value: mark },
    { type: "increment", key: "n", value: 1 },
  ];
}

function placeOf(step: Step, target: Target): string {
  const kin: { id: string; parentId?: string; rootId?: string } = step.run;
  if (target === "parent") return kin.parentId ?? kin.id;
  return target === "root" ? (kin.rootId ?? kin.id) : kin.id;
}
