import { accepted, hangs, manualClock, type Reply, scriptedEndpoint, status } from "@runmeta/testing";
import { afterEach, describe, expect, it } from "vitest";
import {
  ApiError,
  configure,
  currentRun,
  memoryTarget,
  metadata,
  withRun,
  withRunResult,
} from "../../src/index.ts";
import type { Warning } from "../../src/options.ts";

afterEach(() => configure({}));

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown> | undefined;
}

/** A server with the engine's calls, whose answers a test may replace. */
function engine(
  answers: Record<string, (call: Call) => Response | Promise<Response>> = {},
  puts: readonly Reply[] = [],
) {
  const endpoint = scriptedEndpoint(puts);
  const calls: Call[] = [];
  const json = (body: unknown, code = 200) =>
    new Response(JSON.stringify(body), { status: code, headers: { "content-type": "application/json" } });
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const text = await request.clone().text();
    const call = {
      method: request.method,
      path: pathname,
      body: text === "" ? undefined : (JSON.parse(text) as Record<string, unknown>),
    };
    calls.push(call);
    const [, id, action = ""] = /^\/engine\/v1\/runs\/([^/]+)(\/[a-z]+)?$/.exec(pathname) ?? [];
    if (id === undefined) return endpoint.fetch(request);
    const scripted = answers[`${request.method} ${action}`];
    if (scripted !== undefined) return scripted(call);
    if (action === "") return json({ id, attempt: 0 });
    if (action === "/start")
      return json({ attempt: call.body?.attempt, metadata: endpoint.document(id), tags: [] });
    return json({});
  };
  configure({ baseURL: endpoint.baseURL, accessToken: endpoint.accessToken, fetch });
  const paths = () => calls.map((call) => `${call.method} ${call.path.replace(/run_\w+/, ":id")}`);
  return { endpoint, calls, paths, json };
}

describe("withRun without an API", () => {
  it("keeps the document in memory, works at any depth, and warns once", async () => {
    const warnings: Warning[] = [];
    const deep = async () => {
      await Promise.resolve();
      metadata.increment("n", 2);
    };
    const value = await withRun({ metadata: { n: 1 }, onWarning: (w) => warnings.push(w) }, async (run) => {
      await Promise.all([deep(), deep()]);
      expect(run.id).toMatch(/^run_[0-9a-f]{32}$/);
      expect(currentRun()?.id).toBe(run.id);
      await metadata.flush();
      return metadata.get("n");
    });
    expect(value).toBe(5);
    expect(warnings.map((warning) => warning.code)).toEqual(["NO_ENDPOINT"]);
  });

  it("L2 rethrows the body's error unchanged, after the drain, also when the drain fails", async () => {
    const boom = new Error("boom");
    const endpoint = scriptedEndpoint([], { otherwise: status(503) });
    configure({ baseURL: endpoint.baseURL, accessToken: endpoint.accessToken, fetch: endpoint.fetch });
    const run = withRun({ flush: { drainTimeoutMs: 50 }, onWarning: () => {} }, () => {
      metadata.set("a", 1);
      throw boom;
    });
    await expect(run).rejects.toBe(boom);
  });

  it("L3 withRunResult tells value or error, and what became of the metadata", async () => {
    const failed = await withRunResult({ target: memoryTarget() }, () => {
      metadata.set("a", 1);
      throw new Error("x");
    });
    expect(failed).toMatchObject({
      ok: false,
      error: { message: "x" },
      flushed: true,
      pending: 0,
      stats: { acknowledged: 1 },
    });
    const clock = manualClock();
    const endpoint = scriptedEndpoint([], { otherwise: hangs(), clock });
    configure({ baseURL: endpoint.baseURL, accessToken: endpoint.accessToken, fetch: endpoint.fetch });
    const done = withRunResult(
      { clock, onWarning: () => {}, flush: { drainTimeoutMs: 1_000 } },
      () => metadata.set("a", 1) && 7,
    );
    await clock.advance(500);
    await clock.advance(1_500);
    await expect(done).resolves.toMatchObject({ ok: true, value: 7, flushed: false, pending: 1 });
  });

  it("I10 an API that hangs from the body on holds the end up for drainTimeoutMs, flush and report together", async () => {
    const clock = manualClock();
    const warnings: string[] = [];
    const never = () => new Promise<Response>(() => {});
    engine({ "POST /complete": never }, [hangs(), hangs(), hangs()]);
    const run = withRun(
      { clock, flush: { drainTimeoutMs: 1_000 }, onWarning: ({ code }) => warnings.push(code) },
      () => metadata.set("a", 1) && "done",
    );
    await clock.settle();
    await clock.advance(999);
    expect(await Promise.race([run, "waiting"])).toBe("waiting");
    await clock.advance(1);
    expect(await Promise.race([run, "waiting"])).toBe("done");
    await clock.advance(1_000);
    expect(warnings).toEqual(["NOT_DRAINED", "NOT_REPORTED"]);
  });

  it("options are checked before the body is called", async () => {
    let called = false;
    const body = () => {
      called = true;
    };
    await expect(withRun({ id: "../x" }, body)).rejects.toMatchObject({ name: "ConfigError" });
    await expect(withRun({ metadata: [] }, body)).rejects.toMatchObject({ name: "MetadataValueError" });
    await expect(withRun({ metadata: { f: () => {} } }, body)).rejects.toMatchObject({ path: "$.f" });
    await expect(withRun({ key: "" }, body)).rejects.toThrow(/^key must not be empty/);
    for (const attempt of [0, 1.5, Number.NaN])
      await expect(withRun({ attempt }, body)).rejects.toThrow(
        `attempt must be a whole number of at least 1, got ${attempt}`,
      );
    const mode = "replaced" as "replace";
    await expect(withRun({ mode }, body)).rejects.toThrow(
      'mode must be "operations" or "replace", got "replaced"',
    );
    await expect(withRun({ maximumSize: 1 }, body)).rejects.toMatchObject({ name: "ConfigError" });
    await expect(withRun({ flush: { debounceMs: -1 } }, body)).rejects.toMatchObject({ name: "ConfigError" });
    expect(called).toBe(false);
  });

  it("the same key is the same run id; another key is another", async () => {
    const idOf = (key: string) => withRun({ key, target: memoryTarget() }, (run) => run.id);
    const [first, again, other] = await Promise.all([idOf("mail:1"), idOf("mail:1"), idOf("mail:2")]);
    expect(first).toMatch(/^run_[a-z2-7]{52}$/);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe("withRun with a target", () => {
  it("reads what is stored, and writes what it was given only where that is nothing", async () => {
    const known = memoryTarget({ from: "the trigger" });
    await withRun({ target: known, metadata: { from: "the caller" } }, () => {
      expect(metadata.current()).toEqual({ from: "the trigger" });
    });
    const empty = memoryTarget();
    await withRun({ target: empty, metadata: { from: "the caller", "$.odd": 1 } }, async () => {
      metadata.set("a", 1);
      await metadata.flush();
      expect(metadata.current()).toEqual({ from: "the caller", "$.odd": 1, a: 1 });
    });
    expect(empty.document()).toEqual({ from: "the caller", "$.odd": 1, a: 1 });
  });

  it("starts all the same when the target cannot be read", async () => {
    const target = memoryTarget();
    const broken = { ...target, read: () => Promise.reject(new Error("down")) };
    await withRun({ target: broken, metadata: { a: 1 } }, () => metadata.set("b", 2));
    expect(target.document()).toEqual({ a: 1, b: 2 });
  });
});

describe("withRun with an API", () => {
  it("registers the run, starts the attempt, writes, and completes with the outcome", async () => {
    const { calls, paths, endpoint } = engine();
    await withRun(
      { id: "run_a", task: "mail", metadata: { a: 0 }, tags: ["t"], payload: { to: "x" }, parentId: "run_p" },
      async () => {
        metadata.set("a", 1);
        return { sent: 3 };
      },
    );
    expect(paths()).toEqual([
      "PUT /engine/v1/runs/:id",
      "POST /engine/v1/runs/:id/start",
      "PUT /api/v1/runs/:id/metadata",
      "POST /engine/v1/runs/:id/complete",
    ]);
    expect(calls[0]?.body).toMatchObject({
      task: "mail",
      metadata: { a: 0 },
      tags: ["t"],
      payload: { to: "x" },
      parentId: "run_p",
    });
    expect(calls[1]?.body).toMatchObject({ attempt: 1, holder: expect.any(String) });
    expect(calls[3]?.body).toMatchObject({ ok: true, output: { sent: 3 }, attempt: 1 });
    expect(endpoint.document("run_a")).toMatchObject({ a: 1 });
  });

  it("reports the body's error, and rethrows it unchanged", async () => {
    const { calls } = engine();
    const boom = new TypeError("boom");
    await expect(withRun({}, () => Promise.reject(boom))).rejects.toBe(boom);
    expect(calls.at(-1)?.body).toMatchObject({ ok: false, error: { name: "TypeError", message: "boom" } });
  });

  it("goes on with what a known run has stored, as its next attempt", async () => {
    const { calls, json } = engine({
      "PUT ": () => json({ id: "run_b", attempt: 2 }),
      "POST /start": (call) => json({ attempt: call.body?.attempt, metadata: { kept: true }, tags: [] }),
    });
    await withRun({ id: "run_b", metadata: { fresh: true } }, (run) => {
      expect(run.attempt).toBe(3);
      expect(metadata.current()).toEqual({ kept: true });
    });
    expect(calls[1]?.body).toMatchObject({ attempt: 3 });
  });

  it("409 at the start: somebody else runs it; the body is never called", async () => {
    const { json } = engine({
      "POST /start": () =>
        new Response(JSON.stringify({ error: "attempt 1 is running" }), {
          status: 409,
          headers: { "content-type": "application/json", "x-should-retry": "false" },
        }),
    });
    expect(json).toBeDefined();
    let called = false;
    const run = withRun({ id: "run_c" }, () => {
      called = true;
    });
    await expect(run).rejects.toBeInstanceOf(ApiError);
    await expect(run).rejects.toMatchObject({ status: 409 });
    expect(called).toBe(false);
  });

  it("I10 a server that cannot be reached neither fails the run nor loses a write: it is announced before its first batch", async () => {
    let down = true;
    const { paths, endpoint, json } = engine({
      "PUT ": () => {
        if (down) throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
        return json({ id: "run_d", attempt: 0 });
      },
    });
    await withRun({ id: "run_d", onWarning: () => {} }, async () => {
      metadata.set("a", 1);
      down = false;
      await metadata.flush();
    });
    expect(paths().slice(-4)).toEqual([
      "PUT /engine/v1/runs/:id",
      "POST /engine/v1/runs/:id/start",
      "PUT /api/v1/runs/:id/metadata",
      "POST /engine/v1/runs/:id/complete",
    ]);
    expect(endpoint.document("run_d")).toEqual({ a: 1 });
  });

  it("an API without the engine's calls still gets the metadata", async () => {
    const missing = () =>
      new Response('{"error":"Not found"}', { status: 404, headers: { "content-type": "application/json" } });
    const { endpoint } = engine({ "PUT ": missing });
    await withRun({ id: "run_e" }, () => metadata.set("a", 1) && undefined);
    expect(endpoint.document("run_e")).toEqual({ a: 1 });
  });

  it("heartbeats say that it lives, and a cancel aborts its signal; pending writes are still sent", async () => {
    const clock = manualClock();
    let beats = 0;
    const { endpoint, json, calls } = engine({
      "POST /heartbeat": () => {
        beats += 1;
        return json({ cancelled: beats === 3 });
      },
    });
    const done = withRun({ id: "run_f", clock, onWarning: () => {} }, async (run) => {
      await new Promise((resolve) => run.signal.addEventListener("abort", resolve));
      metadata.set("stopped", String(run.signal.reason));
    });
    await clock.settle();
    await clock.advance(40_000);
    expect(beats).toBe(2);
    await clock.advance(20_000);
    await clock.advance(100);
    await done;
    expect(endpoint.document("run_f")).toEqual({ stopped: "Error: the run was cancelled" });
    await clock.advance(60_000);
    expect(beats).toBe(3);
    expect(calls.filter((call) => call.path.endsWith("/complete"))).toHaveLength(1);
    expect(clock.pendingTimers).toEqual([]);
  });

  it("F6 401 on metadata pauses; a new configured key delivers", async () => {
    let key = "tr_dev_old";
    const { endpoint } = engine({}, [
      (call) =>
        (call.request.headers.get("authorization") === `Bearer tr_dev_new` ? accepted() : status(401))(call),
      accepted(),
    ]);
    const clock = manualClock();
    const done = withRun({ id: "run_g", clock, onWarning: () => {} }, async () => {
      metadata.set("a", 1);
      await clock.advance(1_000);
      key = "tr_dev_new";
      configure({ baseURL: endpoint.baseURL, accessToken: key, fetch: endpoint.fetch });
      await clock.advance(2_000);
      expect(endpoint.document("run_g")).toEqual({ a: 1 });
    });
    await done;
    expect(endpoint.metadataRequests.at(-1)?.headers.authorization).toBe("Bearer tr_dev_new");
  });
});
