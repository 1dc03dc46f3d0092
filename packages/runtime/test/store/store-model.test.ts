import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyOperations, type JsonObject, type Operation } from "../../src/protocol/index.ts";
import type { MetadataStore } from "../../src/store/metadata-store.ts";
import { jsonObject } from "../protocol/operation-arbitraries.ts";
import { callOn, patternKey, plainKey } from "./call-arbitraries.ts";
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

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        step: fc.constant("call" as const),
        call: callOn(fc.oneof({ weight: 9, arbitrary: plainKey }, { weight: 1, arbitrary: patternKey })),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ step: fc.constant("cut" as const), maxBytes: fc.constantFrom(1_000_000, 120) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        step: fc.constantFrom("acknowledge" as const, "acknowledge blindly" as const, "refuse" as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ step: fc.constant("others write" as const), call: callOn(plainKey) }),
    },
  ),
  { maxLength: 30 },
);

describe("the store against a plain document", () => {
  it("I3 every call means what it means to a plain document, or throws and changes nothing", () => {
    fc.assert(
      fc.property(jsonObject, fc.array(callOn(plainKey), { maxLength: 15 }), (initial, calls) => {
        fc.pre(jsonByteLength(initial) <= LIMIT);
        const store = openStore(initial, { limitBytes: LIMIT });
        let expected = structuredClone(initial);
        for (const call of calls) {
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
        jsonObject,
        fc.array(
          fc.tuple(
            callOn(fc.oneof({ weight: 9, arbitrary: plainKey }, { weight: 1, arbitrary: patternKey })),
            fc.boolean(),
          ),
          { maxLength: 25 },
        ),
        fc.constantFrom(1_000_000, 150),
        (initial, calls, maxBytes) => {
          const store = openStore(initial, { limitBytes: 3_000 });
          let stored = structuredClone(initial);
          for (const [call, cut] of calls) {
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
      fc.property(jsonObject, steps, fc.constantFrom(1_048_576, 400), (initial, list, maxPendingBytes) => {
        const store = openStore(initial, { limitBytes: 3_000, maxPendingBytes });
        const { ledger } = store.outbox;
        let server = structuredClone(initial);
        let acknowledged = structuredClone(initial);
        let inFlight: ReturnType<MetadataStore["cut"]>;
        let sent: Operation[] = [];
        let settled = 0;
        const calls = () => [...(inFlight?.own ?? [])].reduce((sum, item) => sum + item.count, 0);
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
              settled += calls();
              ledger.acknowledged += calls();
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
          settled += calls();
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
      }),
      { numRuns: 600 },
    );
  });
});
