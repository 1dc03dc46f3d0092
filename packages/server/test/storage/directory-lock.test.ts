import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lockDirectory } from "../../src/storage/directory-lock.ts";
import { currentProcess } from "../../src/storage/process-identity.ts";
import { runChild } from "./run-child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const ended = {
  ...currentProcess(),
  startTicks: "1",
  token: "old",
  since: "2026-01-01T00:00:00.000Z",
  command: "node old.js",
};

describe("the lock of a data directory", () => {
  test("D2 refuses a second process, naming the holder, and is free after the first was killed", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "database.lock");
    await using first = runChild("hold-lock.child.ts", [path]);
    expect((await first.lines.next()).value).toBe("locked");
    await using second = runChild("hold-lock.child.ts", [path]);
    const answer = String((await second.lines.next()).value);
    expect(answer).toMatch(/^refused /);
    for (const part of [path, `process ${first.process.pid}`, hostname(), "hold-lock.child.ts", "Stop it"]) {
      expect(answer).toContain(part);
    }
    await first.kill("SIGKILL");
    const own = await lockDirectory(path);
    await own.release();
    expect(await readdir(directory.path)).toEqual([]);
  });

  test("A4 the holder's command is named without the keys that stand in it", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "database.lock");
    const arguments_ = [path, "--secret-key", "tr_prod_a-Key_1", "--secret-key=tr_dev_Other2"];
    await using holder = runChild("hold-lock.child.ts", arguments_);
    expect((await holder.lines.next()).value).toBe("locked");
    const refusal = await lockDirectory(path).then(String, String);
    expect(refusal).toContain("--secret-key tr_prod_… --secret-key=tr_dev_…");
    expect(`${refusal}${await readFile(path, "utf8")}`).not.toMatch(/a-Key_1|Other2/);
  });

  test("D2 says when it is this process that has it", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "database.lock");
    const lock = await lockDirectory(path);
    await expect(lockDirectory(path)).rejects.toMatchObject({
      code: "STORAGE_LOCKED",
      message: expect.stringContaining(`process ${process.pid} (this process)`),
    });
    await lock.release();
    await (await lockDirectory(path)).release();
  });

  test.runIf(process.platform === "linux")(
    "D2 takes over from a process whose pid was given to another",
    async () => {
      await using directory = await temporaryDirectory();
      const path = join(directory.path, "database.lock");
      await writeFile(path, JSON.stringify(ended));
      const lock = await lockDirectory(path);
      expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ pid: process.pid });
      await lock.release();
    },
  );

  test.runIf(process.platform === "linux")(
    "D2 takes over what an earlier boot of the machine left",
    async () => {
      await using directory = await temporaryDirectory();
      const path = join(directory.path, "database.lock");
      await writeFile(path, JSON.stringify({ ...ended, ...currentProcess(), bootId: "another" }));
      await (await lockDirectory(path)).release();
    },
  );

  test("D2 never takes one from another host, and says what to do", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "database.lock");
    await writeFile(path, JSON.stringify({ ...ended, host: "elsewhere" }));
    await expect(lockDirectory(path)).rejects.toThrow(/on elsewhere since .*: node old.js.*delete/);
  });

  test("D2 a file that is no lock is not taken over", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "database.lock");
    await writeFile(path, "");
    await expect(lockDirectory(path)).rejects.toMatchObject({ code: "STORAGE_LOCKED" });
  });

  test.runIf(process.platform === "linux")(
    "D2 of many that take over a stale lock at once exactly one gets it",
    async () => {
      await using directory = await temporaryDirectory();
      for (let round = 0; round < 60; round++) {
        const path = join(directory.path, `${round}.lock`);
        await writeFile(path, JSON.stringify(ended));
        // A taker that died in the middle of its takeover.
        if (round % 2) await writeFile(`${path}.old`, JSON.stringify({ ...ended, token: "older" }));
        const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(path)));
        const held = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
        expect(held).toHaveLength(1);
        await held[0]?.release();
      }
      expect(await readdir(directory.path)).toEqual([]);
    },
  );
});
