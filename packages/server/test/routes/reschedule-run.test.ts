import { retrieveRunReply } from "@runmeta/runtime/protocol/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
const clock = new ShiftedClock();
beforeAll(async () => {
  api = await startTestServer({ clock });
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const reschedule = (id: string, body: unknown) => api.call("POST", `/api/v1/runs/${id}/reschedule`, body);

test("gives a delayed run another time, by duration or by date, and answers the run", async () => {
  const id = await api.trigger({ delay: "1h", ttl: "10m" });
  const before = Date.now();
  const later = await reschedule(id, { delay: "2h" });
  expect([later.status, later.body.id, later.body.status]).toEqual([200, id, "DELAYED"]);
  expect(retrieveRunReply.safeParse(later.body).success).toBe(true);
  expect(Date.parse(later.body.delayedUntil)).toBeGreaterThanOrEqual(before + 7_200_000);
  const date = new Date(Date.now() + 60_000).toISOString();
  expect((await reschedule(id, { delay: date })).body.delayedUntil).toBe(date);
});

/** Resolves when the run has that status; waits for changes, not for time. */
function reaches(id: string, status: string): Promise<void> {
  return new Promise((resolve, reject) => {
    api.server.runs.onRunChanged(() => {
      api.call("GET", `/api/v3/runs/${id}`).then(({ body }) => {
        if (body.status === status) resolve();
      }, reject);
    });
  });
}

test("a time that has passed makes the run due; its ttl counts from then", async () => {
  const id = await api.trigger({ delay: "1h", ttl: "10m" });
  const queued = reaches(id, "QUEUED");
  await reschedule(id, { delay: new Date(Date.now() - 1000).toISOString() });
  await queued;
  const expired = reaches(id, "EXPIRED");
  clock.advance(11 * 60_000);
  await expired;
});

test("refuses runs that do not wait, wrong times and unknown runs in their own words", async () => {
  const delayed = await api.trigger({ delay: "1h" });
  for (const [id, body, status, error] of [
    [await api.trigger(), { delay: "1h" }, 400, "Cannot reschedule a run that is not delayed"],
    [delayed, { delay: "soon" }, 400, "Invalid delay: soon"],
    [delayed, {}, 400, "Invalid request body"],
    [delayed, "{", 400, "Invalid request body"],
    ["run_none", { delay: "1h" }, 404, "Run not found"],
    ["none", { delay: "1h" }, 404, "Run not found"],
  ] as const) {
    const answer = await reschedule(id, body);
    expect([answer.status, answer.body]).toEqual([status, { error }]);
  }
});
