import { expect, test } from "vitest";
import { createServer } from "../../src/index.ts";
import { ShiftedClock } from "./shifted-clock.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const DAY_MS = 86_400_000;

/** Has a worker run a registered run to its end. */
async function complete(api: TestServer, id: string): Promise<void> {
  await api.call("PUT", `/engine/v1/runs/${id}`, { task: "job", tags: ["kept"], metadata: { n: 1 } });
  await api.call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1, holder: "a" });
  const end = { attempt: 1, holder: "a", ok: true, output: 1 };
  expect((await api.call("POST", `/engine/v1/runs/${id}/complete`, end)).status).toBe(200);
}

test("runs are deleted once they ended longer ago than the retention, and live ones are not", async () => {
  const clock = new ShiftedClock();
  await using api = await startTestServer({ clock, retention: "30d" });
  await complete(api, "run_old");
  const waiting = await api.trigger();
  clock.advance(29 * DAY_MS);
  await complete(api, "run_young");
  const first = await api.call("GET", "/realtime/v1/runs/run_old?offset=-1");
  const at = `offset=${first.headers.get("electric-offset")}&handle=${first.headers.get("electric-handle")}`;
  const follow = async (): Promise<number> => {
    const { status } = await api.call("GET", `/realtime/v1/runs/run_old?${at}&live=true`);
    return status === 200 ? follow() : status;
  };
  const followed = follow();
  const reader = await api.server.fetch(
    new Request("http://localhost/api/v1/runs/run_old/events", {
      headers: { authorization: "Bearer tr_dev_testing-key", "last-event-id": "999" },
    }),
  );
  const events = reader.text();

  clock.advance(1.1 * DAY_MS);
  // The clock stands still from here on, so only the deletion itself can end these.
  expect(await followed).toBe(404);
  expect(await events).not.toContain("data:");
  expect((await api.call("GET", "/api/v3/runs/run_old")).status).toBe(404);
  expect((await api.call("GET", "/api/v1/runs/run_old/metadata/history")).status).toBe(404);
  const late = { operations: [{ type: "set", key: "late", value: 1 }] };
  expect((await api.call("PUT", "/api/v1/runs/run_old/metadata", late)).status).toBe(404);
  expect((await api.call("GET", "/api/v3/runs/run_young")).status).toBe(200);
  expect((await api.call("GET", `/api/v3/runs/${waiting}`)).body.status).toBe("QUEUED");
  const listed = await api.call("GET", "/api/v1/runs");
  expect(listed.body.data.map((run: { id: string }) => run.id).sort()).toEqual(["run_young", waiting].sort());
  expect(api.errors).toEqual([]);
});

test("a retention that is none is refused before anything starts", async () => {
  for (const retention of ["month", "30", "59s", "", "101w999999d"])
    await expect(createServer({ retention })).rejects.toMatchObject({
      code: "RUNMETA_SERVER_CONFIG",
      message: `Option retention is ${JSON.stringify(retention)}; it must be a duration of at least 1m, such as 12h, 30d or 8w.`,
    });
});
