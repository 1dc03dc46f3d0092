import { expect, test } from "vitest";
import type { Storage } from "../../../src/storage/storage.ts";
import { newRun } from "../new-run.ts";
import { dueIn } from "./due-in.ts";

/** What time does to runs. */
export function dueContract(storage: () => Storage): void {
  test("promotes what is due and says when the next is", async () => {
    const delayed = newRun({ status: "DELAYED", delayUntil: dueIn(500_000), ttlSeconds: 60 });
    const waiting = newRun({ ttlSeconds: 10_000 });
    const started = newRun({ ttlSeconds: 10 });
    await storage().insertRuns([delayed, waiting, started]);
    await storage().transitionRun({ id: started.id, from: ["QUEUED"], change: { attempt: 1 } });
    const { changed, nextDueAt } = await storage().promoteDueRuns(dueIn(100_000));
    const own = (rows: readonly { id: string; status: string }[]) =>
      rows
        .filter((row) => [delayed.id, waiting.id, started.id].includes(row.id))
        .map((row) => [row.id, row.status]);
    expect(own(changed)).toEqual([]);
    expect(nextDueAt?.getTime()).toBeLessThanOrEqual(delayed.delayUntil?.getTime() ?? 0);
    expect(nextDueAt).toEqual(delayed.delayUntil);
    const later = await storage().promoteDueRuns(dueIn(510_000));
    expect(own(later.changed)).toEqual([[delayed.id, "QUEUED"]]);
    const last = await storage().promoteDueRuns(dueIn(20_000_000));
    expect(own(last.changed).sort()).toEqual(
      [
        [delayed.id, "EXPIRED"],
        [waiting.id, "EXPIRED"],
      ].sort(),
    );
    const expired = await storage().findRun("env", waiting.id);
    expect(expired?.expiredAt).toBeInstanceOf(Date);
    expect(expired?.finishedAt).toEqual(expired?.expiredAt);
  });
}
