import { useRealtimeStream, useRun, useTaskTrigger } from "@trigger.dev/react-hooks";
import { auth, runs, tasks } from "@trigger.dev/sdk";
import { createElement } from "react";
import { create } from "react-test-renderer";
import { describe, expect, test, vi } from "vitest";
import { onEveryDatabase } from "./api.ts";

// The renderer says at its first start that it is an old one.
vi.spyOn(console, "error").mockImplementation(() => undefined);

function Caller({ call }: { call: () => void }): null {
  call();
  return null;
}

/** Renders a component that only calls `hook`, as React does outside of its own tests. */
function render<T>(hook: () => T) {
  let latest: T | undefined;
  const call = () => {
    latest = hook();
  };
  const renderer = create(createElement(Caller, { call }));
  return {
    /** What the hook returns, once it is as wanted. */
    until: (wanted: (value: T) => boolean): Promise<T> =>
      vi.waitFor(
        () => {
          if (latest === undefined || !wanted(latest)) throw new Error(`not yet: ${JSON.stringify(latest)}`);
          return latest;
        },
        { timeout: 20_000, interval: 10 },
      ),
    unmount: () => renderer.unmount(),
  };
}

onEveryDatabase((api) => {
  describe("useRun", () => {
    test("reads a run with the token of its handle, and follows it until it has ended", async () => {
      const handle = await tasks.trigger("hello", { n: 1 }, { metadata: { step: 1 } });
      const { id, publicAccessToken: accessToken } = handle;
      const page = render(() => useRun(id, { accessToken, baseURL: api.url, refreshInterval: 20 }));
      const first = await page.until(({ run }) => run !== undefined);
      expect(first).toMatchObject({ error: undefined, isError: false });
      expect(first.run).toMatchObject({ id, status: "QUEUED", metadata: { step: 1 }, payload: { n: 1 } });
      await api.plain("PUT", `/api/v1/runs/${id}/metadata`, { body: { metadata: { step: 2 } } });
      await page.until(({ run }) => run?.metadata?.step === 2);
      await runs.cancel(id);
      const last = await page.until(({ run }) => run?.status === "CANCELED");
      expect(last.run).toMatchObject({ isCompleted: true, isCancelled: true });
      page.unmount();
    });

    test("a token that does not cover the run is an error to show", async () => {
      const id = await api.run();
      const accessToken = await auth.createPublicToken({ scopes: { read: { runs: "run_other" } } });
      const page = render(() => useRun(id, { accessToken, baseURL: api.url }));
      const { run, error } = await page.until(({ isError }) => isError);
      expect([run, (error as { status?: number }).status]).toEqual([undefined, 403]);
      page.unmount();
    });
  });

  describe("useRealtimeStream", () => {
    test("shows the parts of a stream as they come, with a token that may read the run", async () => {
      const id = await api.run();
      const accessToken = await auth.createPublicToken({ scopes: { read: { runs: [id] } } });
      const page = render(() => useRealtimeStream<string>(id, "words", { accessToken, baseURL: api.url }));
      // Outside of a worker the official SDK appends to nothing.
      const append = (body: string) =>
        api.plain("POST", `/realtime/v1/streams/${id}/self/words/append`, { body });
      await append("a");
      await page.until(({ parts }) => parts.length === 1);
      await append("b");
      const shown = await page.until(({ parts }) => parts.length === 2);
      expect(shown).toMatchObject({ parts: ["a", "b"], error: undefined });
      page.unmount();
      await runs.cancel(id);
    });
  });

  describe("useTaskTrigger", () => {
    test("a browser that holds a trigger token gets a handle that reads its run", async () => {
      const accessToken = await auth.createTriggerPublicToken("hello", { multipleUse: true });
      const page = render(() => useTaskTrigger("hello", { accessToken, baseURL: api.url }));
      const idle = await page.until(({ isLoading }) => !isLoading);
      expect(idle.handle).toBeUndefined();
      idle.submit({ n: 2 }, { tags: ["from:page"], metadata: { m: 1 } });
      const { handle, error } = await page.until((value) => value.handle !== undefined);
      expect(error).toBeUndefined();
      expect(handle).toMatchObject({ id: expect.stringMatching(/^run_/), taskIdentifier: "hello" });
      const { id, publicAccessToken } = handle ?? { id: "", publicAccessToken: "" };
      const shown = render(() => useRun(id, { accessToken: publicAccessToken, baseURL: api.url }));
      const { run } = await shown.until((value) => value.run !== undefined);
      expect(run).toMatchObject({ payload: { n: 2 }, metadata: { m: 1 }, tags: ["from:page"] });
      shown.unmount();
      page.unmount();
    });
  });
});
