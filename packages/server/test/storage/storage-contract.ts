import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Storage } from "../../src/storage/storage.ts";
import { batchContract } from "./contract/batch-contract.ts";
import { claimContract } from "./contract/claim-contract.ts";
import { documentContract } from "./contract/document-contract.ts";
import { dueContract } from "./contract/due-contract.ts";
import { idempotencyContract } from "./contract/idempotency-contract.ts";
import { listContract } from "./contract/list-contract.ts";
import { queueContract } from "./contract/queue-contract.ts";
import { runContract } from "./contract/run-contract.ts";
import { transitionContract } from "./contract/transition-contract.ts";

/** A storage to test, and how to get rid of it again. */
export interface StorageFixture {
  readonly storage: Storage;
  dispose(): Promise<void>;
}

/** What every storage must do, whatever is below it; each part has a file of its own. */
export function storageContract(name: string, create: () => Promise<StorageFixture>): void {
  describe(`storage contract on ${name}`, () => {
    let fixture: StorageFixture;
    let storage: Storage;
    beforeAll(async () => {
      fixture = await create();
      storage = fixture.storage;
      await storage.open();
    });
    afterAll(async () => {
      await storage?.close();
      await fixture?.dispose();
    });

    runContract(() => storage);
    listContract(() => storage);
    transitionContract(() => storage);
    claimContract(() => storage);
    queueContract(() => storage);
    dueContract(() => storage);
    documentContract(() => storage);
    idempotencyContract(() => storage);
    batchContract(() => storage);

    test("refuses calls before open() and after close()", async () => {
      const other = await create();
      try {
        await expect(other.storage.findRun("env", "run_1")).rejects.toMatchObject({
          code: "STORAGE_UNAVAILABLE",
        });
        await other.storage.open();
        await other.storage.close();
        await expect(other.storage.findRun("env", "run_1")).rejects.toMatchObject({
          code: "STORAGE_UNAVAILABLE",
        });
      } finally {
        await other.dispose();
      }
    });
  });
}
