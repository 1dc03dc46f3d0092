import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyOperations, type JsonObject, type Operation } from "../../src/protocol/index.ts";
import type { MetadataStore } from "../../src/store/metadata-store.ts";
import { jsonObject } from "../protocol/operation-arbitraries.ts";
import { callOn, fewPlaces, oneList, patternKey, plainKey } from "./call-arbitraries.ts";
import { cutText, jsonByteLength, openStore, perform } from "./open-store.ts";
import { applyCall, type Call } from "./reference-document.ts";

const LIMIT = 300;
const runs = { numRuns: 400 };

function fold(document: JsonObject, operations: readonly Operation[]): JsonObject {
  return applyOperations(structuredClone(document), structuredClone([...operations])).document;
}

function attempt(store: MetadataStore, call: Call): unknown {
  try {
    perform(store, call);
    return undefined;
  } catch (error) {
    return error;
  }
}

interface Calls {
  readonly document: fc.Arbitrary<JsonObject>;
  /** On literal keys and plain paths. */
  readonly call: fc.Arbitrary<Call>;
}

function withPatterns({ call }: Calls): fc.Arbitrary<Call> {
  return fc.oneof({ weight: 9, arbitrary: call }, { weight: 1, arbitrary: callOn(patternKey) });
}

function stepsOf(calls: Calls) {
  return fc.array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({ step: fc.constant("call" as const), call: withPatterns(calls) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          step: fc.constant("cut" as const),
          maxBytes: fc.constantFrom(1_000_000, 120),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          step: fc.constantFrom("acknowledge" as const, "acknowledge blindly" as const, "refuse" as const),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ step: fc.constant("others write" as const), call: calls.call }),
      },
    ),
    { maxLength: 30 },
  );
}

describe.each<[string, Calls]>([
  ["with any calls", { document: jsonObject, call: callOn(plainKey) }],
  ["with calls that come back to a few places", fewPlaces],
  ["with appends in a row and what comes between", oneList],
])("the store against a plain document, %s", (_, calls) => {
  it("I3 every call means what it means to a plain document, or throws and changes nothing", () => {
    fc.assert(
      fc.property(calls.document, fc.array(calls.call, { maxLength: 15 }), (initial, list) => {
        fc.pre(jsonByteLength(initial) <= LIMIT);
        const store = openStore(initial, { limitBytes: LIMIT });
        let expected = structuredClone(initial);
        for (const call of list) {
          const before = {
            document: store.current(),
            bytes: store.bytes,
            stats: store.outbox.ledger.stats(store.outbox.bytes),
          };
          const error = attempt(store, call);
          if (error === undefined) {
            expected = applyCall(expected, call);
          } else {
            expect(before).toEqual({
              document: store.current(),
              bytes: store.bytes,
              stats: store.outbox.ledger.stats(store.outbox.bytes),
            });
            let after: JsonObject | undefined;
            try {
              after = applyCall(expected, call);
            } catch {}
            if (after !== undefined) expect(jsonByteLength(after)).toBeGreaterThan(LIMIT);
          }
          expect(store.current()).toEqual(expected);
          expect(store.bytes).toBe(jsonByteLength(expected));
          expect(store.bytes <= LIMIT || store.bytes <= before.bytes).toBe(true);
        }
      }),
      runs,
    );
  });

  it("F14 what the endpoint makes of the batches is what the job reads, wherever they are cut", () => {
    fc.assert(
      fc.property(
        calls.document,
        fc.array(fc.tuple(withPatterns(calls), fc.boolean()), { maxLength: 25 }),
        fc.constantFrom(1_000_000, 150),
        (initial, list, maxBytes) => {
          const store = openStore(initial, { limitBytes: 3_000 });
          let stored = structuredClone(initial);
          for (const [call, cut] of list) {
            attempt(store, call);
            expect(store.bytes).toBe(jsonByteLength(store.current()));
            if (cut) stored = fold(stored, cutText(store, maxBytes)?.operations ?? []);
          }
          for (let rest = cutText(store, maxBytes); rest !== undefined; rest = cutText(store, maxBytes)) {
            stored = fold(stored, rest.operations);
          }
          expect(store.current()).toEqual(stored);
        },
      ),
      runs,
    );
  });

  it("I6 the job reads the acknowledged document with every unacknowledged write on top; I12 calls are counted", () => {
    fc.assert(
      fc.property(
        calls.document,
        stepsOf(calls),
        fc.constantFrom(1_048_576, 400),
        (initial, list, maxPendingBytes) => {
          const store = openStore(initial, { limitBytes: 3_000, maxPendingBytes });
          const { ledger } = store.outbox;
          let server = structuredClone(initial);
          let acknowledged = structuredClone(initial);
          let inFlight: ReturnType<MetadataStore["cut"]>;
          let sent: Operation[] = [];
          let settled = 0;
          const callsInFlight = () => [...(inFlight?.own ?? [])].reduce((sum, item) => sum + item.count, 0);
          const freeze = (cut: NonNullable<ReturnType<MetadataStore["cut"]>>) => ({
            ...cut,
            own: structuredClone(cut.own),
          });
          for (const step of list) {
            switch (step.step) {
              case "call": {
                const accepted = ledger.accepted;
                const error = attempt(store, step.call);
                if (error !== undefined) expect(ledger.accepted).toBe(accepted);
                break;
              }
              case "others write":
                try {
                  server = applyCall(server, step.call);
                } catch {}
                break;
              case "cut": {
                if (inFlight !== undefined) break;
                const read = store.current();
                const cut = store.cut(step.maxBytes);
                inFlight = cut === undefined ? undefined : freeze(cut);
                sent = (inFlight?.own ?? []).map((item) => item.operation);
                expect(store.current()).toEqual(read);
                if (!store.outbox.hasContent) expect(read).toEqual(fold(acknowledged, sent));
                break;
              }
              case "acknowledge":
              case "acknowledge blindly":
                if (inFlight === undefined) break;
                settled += callsInFlight();
                ledger.acknowledged += callsInFlight();
                server = fold(server, sent);
                if (step.step === "acknowledge") {
                  acknowledged = server;
                  store.acknowledge(structuredClone(server), []);
                } else {
                  acknowledged = fold(acknowledged, sent);
                  store.acknowledgeBlindly(structuredClone(sent), []);
                }
                inFlight = undefined;
                break;
              case "refuse":
                if (inFlight === undefined) break;
                store.outbox.putBack(inFlight);
                inFlight = undefined;
            }
            expect(store.bytes).toBe(jsonByteLength(store.current()));
          }
          // In the end everything goes through.
          if (inFlight !== undefined) {
            settled += callsInFlight();
            server = fold(server, sent);
            acknowledged = server;
            store.acknowledge(structuredClone(server), []);
          }
          for (let rest = cutText(store); rest !== undefined; rest = cutText(store)) {
            const read = store.current();
            acknowledged = fold(acknowledged, rest.operations);
            if (!store.outbox.hasContent) expect(read).toEqual(acknowledged);
            settled += rest.count;
          }
          expect(settled).toBe(ledger.accepted);
        },
      ),
      { numRuns: 600 },
    );
  });
});
