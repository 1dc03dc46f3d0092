import { describe, expect, it } from "vitest";
import { ApiClient } from "../../src/client/api-client.ts";
import { encodePacket } from "../../src/client/packet.ts";
import { triggerTaskAndWait } from "../../src/client/trigger.ts";
import { waitForRun } from "../../src/client/wait-for-run.ts";
import { runInScope } from "../../src/context/context-storage.ts";
import { fakeScope } from "./fake-scope.ts";
import { scriptedServer, TOKEN } from "./scripted-server.ts";
import { skippingClock } from "./skipping-clock.ts";

const impatient = (baseURL: string) => {
  const clock = skippingClock();
  return { clock, client: new ApiClient({ baseURL, accessToken: TOKEN, clock }) };
};

describe("waitForRun", () => {
  it("holds a request until the run has ended, and decodes its output", async () => {
    const { data, dataType } = await encodePacket({ at: new Date(0) });
    await using server = await scriptedServer([
      { body: { pending: true } },
      { body: { ok: true, output: data, outputType: dataType } },
    ]);
    const { client } = impatient(server.url);
    expect(await waitForRun("run_1", { client })).toEqual({
      ok: true,
      id: "run_1",
      output: { at: new Date(0) },
    });
    expect(server.requests[0]).toMatchObject({ method: "GET", path: "/engine/v1/runs/run_1/result" });
    expect(server.requests[0]?.query.get("timeoutMs")).toBe("20000");
  });

  it("a run without output gives undefined", async () => {
    await using _ = await scriptedServer([{ body: { ok: true } }]);
    expect(await waitForRun("run_1")).toEqual({ ok: true, id: "run_1", output: undefined });
  });

  it("gives the error of a failed run with its name, message and stack", async () => {
    const error = { name: "RangeError", message: "too far", stackTrace: "RangeError: too far\n    at x" };
    await using _ = await scriptedServer([{ body: { ok: false, error } }]);
    const result = await waitForRun("run_1");
    if (result.ok) throw new Error("it failed");
    expect(result.error).toMatchObject({ name: "RangeError", message: "too far", stack: error.stackTrace });
  });

  it("does not loop without a pause when the server answers pending at once", async () => {
    await using server = await scriptedServer((_, index) => ({
      body: index < 3 ? { pending: true } : { ok: true },
    }));
    const { client, clock } = impatient(server.url);
    await waitForRun("run_1", { client });
    expect(clock.waits).toEqual([1_000, 1_000, 1_000]);
  });

  it.each([
    ["COMPLETED", { output: 7 }, { ok: true, output: 7 }],
    ["FAILED", { error: { message: "no" } }, { ok: false, error: new Error("no") }],
    ["TIMED_OUT", {}, { ok: false, error: new Error("The run ended as TIMED_OUT") }],
    ["EXPIRED", {}, { ok: false, error: new Error("The run ended as EXPIRED") }],
    ["CANCELED", {}, { ok: false, error: new Error("The run ended as CANCELED") }],
  ])("a server without that route is polled every second until %s", async (status, fields, expected) => {
    await using server = await scriptedServer([
      { status: 404, text: "Not Found" },
      { body: { status: "EXECUTING" } },
      { body: { status: "WAITING" } },
      { body: { status, ...fields } },
    ]);
    const { client, clock } = impatient(server.url);
    expect(await waitForRun("run_1", { client })).toEqual({ id: "run_1", ...expected });
    expect(server.requests[1]?.path).toBe("/api/v3/runs/run_1");
    expect(clock.waits).toEqual([1_000, 1_000]);
  });

  it("a run that does not exist is an ApiError 404", async () => {
    await using _ = await scriptedServer(() => ({ status: 404, body: { error: "Not found" } }));
    await expect(waitForRun("run_1")).rejects.toMatchObject({ code: "RUNMETA_API", status: 404 });
  });

  it("F1 a server that is away for minutes only delays the answer; for more than 15 it is an error", async () => {
    await using server = await scriptedServer((_, index) =>
      index < 100 ? { status: 503, headers: { "retry-after": "2" } } : { body: { ok: true } },
    );
    expect(await waitForRun("run_1", { client: impatient(server.url).client })).toMatchObject({ ok: true });
    await using gone = await scriptedServer(() => ({ reset: true }));
    const { client, clock } = impatient(gone.url);
    await expect(waitForRun("run_1", { client })).rejects.toMatchObject({ code: "RUNMETA_API", status: 0 });
    const waited = clock.waits.reduce((sum, wait) => sum + wait, 0);
    expect(waited).toBeGreaterThan(15 * 60_000);
    expect(waited).toBeLessThan(16 * 60_000);
  });

  it("ends with the current run's signal", async () => {
    const abort = new AbortController();
    await using _ = await scriptedServer(() => {
      abort.abort(new Error("cancelled"));
      return new Promise(() => {});
    });
    const scope = fakeScope({ signal: abort.signal });
    await expect(runInScope(scope, () => waitForRun("run_1"))).rejects.toThrow("cancelled");
  });

  it("a reply of another shape is an ApiError that says so", async () => {
    await using _ = await scriptedServer([{ body: { state: "done" } }]);
    await expect(waitForRun("run_1")).rejects.toMatchObject({ message: expect.stringContaining('"ok"') });
  });
});

describe("triggerTaskAndWait", () => {
  const script = (result: unknown) => [{ body: { id: "run_1" } }, { body: result }];

  it("gives a result, and unwrap gives the output", async () => {
    await using server = await scriptedServer(script({ ok: true, output: "done", outputType: "text/plain" }));
    expect(await triggerTaskAndWait("t", {})).toEqual({
      ok: true,
      id: "run_1",
      output: "done",
      taskIdentifier: "t",
    });
    expect(server.requests[0]?.json).toMatchObject({ options: { resumeParentOnCompletion: true } });
    await using _ = await scriptedServer(script({ ok: true, output: "done", outputType: "text/plain" }));
    expect(await triggerTaskAndWait("t", {}).unwrap()).toBe("done");
  });

  it("a failed run is a result, and unwrap throws TaskRunFailedError with the run's error as cause", async () => {
    await using _ = await scriptedServer(script({ ok: false, error: { message: "no" } }));
    const promise = triggerTaskAndWait("t", {});
    expect(await promise).toMatchObject({ ok: false, id: "run_1", taskIdentifier: "t" });
    await expect(promise.unwrap()).rejects.toMatchObject({
      code: "RUNMETA_TASK_RUN_FAILED",
      taskId: "t",
      runId: "run_1",
      cause: new Error("no"),
      message: 'Run run_1 of task "t" failed: no',
    });
  });
});
