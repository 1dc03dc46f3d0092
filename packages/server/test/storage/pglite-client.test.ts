import { expect, test } from "vitest";
import { openPgliteMemory } from "../../src/storage/open-pglite.ts";
import { pgliteClient } from "../../src/storage/pglite-client.ts";

test("a loop of statements leaves timers their turn", async () => {
  const client = await openPgliteMemory();
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  try {
    // Far more statements than are needed, were the machine busy.
    for (let n = 0; n < 20_000 && turns <= 5; n++) await client.query("SELECT 1");
    expect(turns).toBeGreaterThan(5);
  } finally {
    clearInterval(timer);
    await client.close();
  }
});

test("an SQL error is passed on and the next statement works", async () => {
  const client = await openPgliteMemory();
  try {
    await expect(client.query("SELECT * FROM missing")).rejects.toMatchObject({ code: "42P01" });
    expect((await client.query<{ one: number }>("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  } finally {
    await client.close();
  }
});

test("D3 after a fault of the module or the disk every statement is refused", async () => {
  let calls = 0;
  const query = () => {
    calls++;
    return Promise.reject(new Error("unreachable"));
  };
  // Only `query` is used; a real module cannot be made to abort on purpose.
  const client = pgliteClient(
    { query } as unknown as Parameters<typeof pgliteClient>[0],
    async () => undefined,
  );
  await expect(client.query("SELECT 1")).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE" });
  await expect(client.query("SELECT 1")).rejects.toThrow(/restart the process/);
  expect(calls).toBe(1);
});
