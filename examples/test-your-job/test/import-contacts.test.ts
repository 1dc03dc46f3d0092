import { lostReply, networkFault, status } from "@runmeta/testing";
import { expect, test } from "@runmeta/testing/vitest";
import { afterEach, beforeEach, describe, vi } from "vitest";
import { addressBook, type Contact } from "../src/address-book.ts";
import { importContacts } from "../src/import-contacts.ts";

const askedAt = new Date("2026-01-01T12:00:00Z");
const lines = ["Ada,ada@example.com", "Grace,grace@example.com", "nobody", "Edsger,edsger@example.com"];

let saved: Contact[] = [];

beforeEach(() => {
  saved = [];
  vi.spyOn(addressBook, "save").mockImplementation(async (contact) => void saved.push(contact));
});
afterEach(() => vi.restoreAllMocks());

/** The address book is away for the calls with these numbers, from 1. */
function failAt(...calls: number[]): void {
  let call = 0;
  vi.mocked(addressBook.save).mockImplementation(async (contact) => {
    call += 1;
    if (calls.includes(call)) throw new Error("the address book is away");
    saved.push(contact);
  });
}

describe("progress", () => {
  test("is complete at the end", async ({ runTask }) => {
    const run = await runTask(importContacts, { lines, askedAt });
    expect(run.output).toEqual({ saved: 3, rejected: 1 });
    expect(run).toHaveMetadata({ handled: 4, percent: 100, rejects: ["nobody"] });
    // The payload's Date is a Date for the task, and a string in the document.
    expect(run).toHaveMetadata("askedAt", "2026-01-01T12:00:00.000Z");
  });

  test("is seen while the job runs", async ({ runTask, clock, endpoint }) => {
    let goOn: () => void = () => undefined;
    vi.mocked(addressBook.save).mockImplementationOnce(() => new Promise((resolve) => (goOn = resolve)));
    const running = runTask(importContacts, { lines: ["nobody", ...lines], askedAt }, { id: "run_1" });
    await clock.advance(250); // the quiet period of writes
    expect(endpoint.document("run_1")).toMatchObject({ handled: 1, percent: 20, rejected: 1 });
    goOn();
    await clock.settle();
    expect(await running).toHaveMetadata({ handled: 5, percent: 100 });
  });

  test("costs one request, however many lines there are", async ({ runTask }) => {
    const many = Array.from({ length: 5_000 }, (_, n) => `Number ${n},n${n}@example.com`);
    expect(await runTask(importContacts, { lines: many, askedAt })).toHaveFlushed({ times: 1 });
  });
});

describe("retries", () => {
  test("go on where the attempt before stopped, 30 seconds later", async ({ runTask }) => {
    failAt(2);
    const run = await runTask(importContacts, { lines, askedAt });
    expect(run).toMatchObject({ status: "COMPLETED", attempts: 2 });
    expect(saved.map(({ name }) => name)).toEqual(["Ada", "Grace", "Edsger"]);
    expect(run).toHaveMetadata({ saved: 3, percent: 100 });
    expect(run.timeline.find(({ attempt }) => attempt === 2)?.at).toBeGreaterThanOrEqual(30_000);
  });

  test("end after three attempts, and the document says why", async ({ runTask }) => {
    failAt(1, 2, 3);
    const run = await runTask(importContacts, { lines, askedAt });
    expect(run).toMatchObject({ status: "FAILED", attempts: 3 });
    expect(run).toHaveMetadata("problem", "the address book is away");
    expect(run).toHaveRunHooks([{ hook: "onFailure", attempt: 3 }]);
  });

  test("do not follow a cancel; the document says how far it came", async ({ runTask }) => {
    const user = new AbortController();
    vi.mocked(addressBook.save).mockImplementation(async () => user.abort());
    const run = await runTask(importContacts, { lines, askedAt }, { signal: user.signal });
    expect(run).toMatchObject({ status: "CANCELED", attempts: 1 });
    expect(run).toHaveMetadata({ handled: 1, percent: 25 });
  });
});

describe("limits", () => {
  test("a thousand wrong lines are counted, and fit into the document", async ({ runTask }) => {
    const wrong = Array.from({ length: 1_000 }, () => "x".repeat(500));
    const run = await runTask(importContacts, { lines: wrong, askedAt });
    expect(run.output).toEqual({ saved: 0, rejected: 1_000 });
    expect(run).toHaveMetadata("rejects", Array(10).fill("x".repeat(60)));
  });

  test("a document that is too small for the job fails it, and the error says by how much", async ({
    runTask,
  }) => {
    const run = await runTask(importContacts, { lines, askedAt }, { maximumSize: 64 });
    expect(run.error).toMatchObject({
      code: "RUNMETA_METADATA_SIZE",
      bytes: expect.any(Number),
      limitBytes: 64,
    });
  });
});

describe("faults between the job and whoever watches it", () => {
  test("change no number", async ({ runTask, endpoint }) => {
    endpoint.reply(status(503, { retryAfterMs: 2_000 }), lostReply(), networkFault("ECONNRESET"));
    const run = await runTask(importContacts, { lines, askedAt });
    expect(run).toHaveMetadata({ handled: 4, saved: 3, percent: 100 });
    expect(run).toHaveFlushed();
    endpoint.verify(); // all three happened
  });
});
