import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  configure,
  type Drop,
  metadata,
  type RunOptions,
  sessionTarget,
  type WarningCode,
  withRun,
  withRunResult,
} from "../../src/index.ts";
import { type SessionServer, startSessionServer } from "./session-server.ts";

let server: SessionServer;
beforeAll(async () => {
  server = await startSessionServer();
});
beforeEach(() => server.reset());
afterAll(() => server.close());

/** Runs at a session, with what went wrong. */
async function runAt(session: string, body: () => unknown, options: RunOptions = {}) {
  const drops: Drop[] = [];
  const warnings: WarningCode[] = [];
  const result = await withRunResult(
    {
      target: sessionTarget(session),
      flush: { drainTimeoutMs: 60_000 },
      onDrop: (drop) => drops.push(drop),
      onWarning: ({ code }) => warnings.push(code),
      ...options,
    },
    body,
  );
  return { result, drops, warnings };
}

const unavailable = () => Promise.reject(new Error("connection reset"));

describe("a session's document", () => {
  it("is read first, goes on where it was, and is replaced whole", async () => {
    const session = await server.session({ count: 5, list: ["a"], keep: true });
    const { result } = await runAt(session, () => {
      expect(metadata.get("count")).toBe(5);
      metadata.increment("count", 2).append("list", "b").set("$.deep.er", 1).del("nothing");
    });
    expect(result).toMatchObject({ ok: true, flushed: true, pending: 0 });
    const path = `/api/v1/sessions/${encodeURIComponent(session)}`;
    expect(server.requests).toEqual([
      { method: "GET", path, body: "" },
      {
        method: "PATCH",
        path,
        body: JSON.stringify({
          metadata: { count: 7, list: ["a", "b"], keep: true, deep: { er: 1 } },
        }),
      },
    ]);
    expect(await server.metadataOf(session)).toEqual({
      count: 7,
      list: ["a", "b"],
      keep: true,
      deep: { er: 1 },
    });
  });

  it("is addressed by the session's id as well", async () => {
    const session = await server.session();
    const { id } = await server.read(session);
    await runAt(id, () => metadata.set("by", "id"));
    expect(await server.metadataOf(session)).toEqual({ by: "id" });
  });

  it("may be null, and starts with what the run was given then", async () => {
    const session = await server.session();
    await runAt(session, () => metadata.increment("n"), { metadata: { n: 1 } });
    expect(await server.metadataOf(session)).toEqual({ n: 2 });
    await runAt(session, () => metadata.increment("n"), { metadata: { n: 100 } });
    expect(await server.metadataOf(session)).toEqual({ n: 3 });
  });

  it("a run that writes nothing sends nothing", async () => {
    const session = await server.session({ n: 1 });
    await runAt(session, () => metadata.get("n"));
    expect(server.requests.map((request) => request.method)).toEqual(["GET"]);
  });

  it("a closed session still takes metadata", async () => {
    const session = await server.session({ n: 1 });
    await server.api.call("POST", `/api/v1/sessions/${encodeURIComponent(session)}/close`, {
      reason: "done",
    });
    expect((await runAt(session, () => metadata.increment("n"))).drops).toEqual([]);
    expect(await server.metadataOf(session)).toEqual({ n: 2 });
  });

  it("a write to the parent of a run that has none lands in the session; to one that it has, it is lost by name", async () => {
    const session = await server.session();
    expect((await runAt(session, () => metadata.parent.set("to", "itself"))).drops).toEqual([]);
    const { drops } = await runAt(session, () => metadata.parent.set("to", "parent"), { parentId: "run_p" });
    expect(drops).toMatchObject([{ reason: "unsupported", target: "parent", count: 1 }]);
    expect(await server.metadataOf(session)).toEqual({ to: "itself" });
  });
});

describe("the limit of a session", () => {
  /** `{"text":"…"}` of this many bytes. */
  const text = (bytes: number) => "x".repeat(bytes - '{"text":""}'.length);

  it("is 32,755 bytes: exactly as much is stored, one more throws at the call and changes nothing", async () => {
    const session = await server.session();
    const { result } = await runAt(session, () => {
      metadata.set("text", text(32_755));
      expect(() => metadata.set("text", text(32_756))).toThrow(
        expect.objectContaining({ code: "RUNMETA_METADATA_SIZE", limitBytes: 32_755, bytes: 32_756 }),
      );
    });
    expect(result.flushed).toBe(true);
    expect(await server.metadataOf(session)).toEqual({ text: text(32_755) });
  });

  it("can be lowered, not raised", async () => {
    const session = await server.session();
    const write = (bytes: number) => () => metadata.set("text", text(bytes));
    const lower = await runAt(session, write(101), { maximumSize: 100 });
    expect(lower.result).toMatchObject({ ok: false, error: { limitBytes: 100 } });
    const higher = await runAt(session, write(32_756), { maximumSize: 100_000 });
    expect(higher.result).toMatchObject({ ok: false, error: { limitBytes: 32_755 } });
    await expect(
      withRun({ target: sessionTarget(session), metadata: { text: text(40_000) } }, () => {}),
    ).rejects.toThrow("32755");
  });
});

describe("faults on the way to a session", () => {
  it("F4 reply lost after the server applied: increments and appends count once", async () => {
    const session = await server.session({ n: 10, list: [] });
    let lost = 0;
    server.intercept(async (request, forward) => {
      const reply = await forward();
      if (request.method === "PATCH" && (lost += 1) <= 2) throw new Error("socket hang up");
      return reply;
    });
    const { drops } = await runAt(session, async () => {
      metadata.increment("n").append("list", 1);
      await metadata.flush();
      metadata.increment("n").append("list", 2);
    });
    expect(lost).toBe(4);
    expect(drops).toEqual([]);
    expect(await server.metadataOf(session)).toEqual({ n: 12, list: [1, 2] });
    const [first, again] = server.requests.filter((request) => request.method === "PATCH");
    expect(again).toEqual(first);
  });

  it("F2 cannot be read when the run begins: nothing that is stored is overwritten", async () => {
    const session = await server.session({ n: 10, keep: true });
    let reads = 0;
    server.intercept((request, forward) =>
      request.method === "GET" && (reads += 1) <= 3 ? unavailable() : forward(),
    );
    await runAt(session, () => metadata.increment("n").set("new", 1), { metadata: { n: 0, title: "t" } });
    expect(await server.metadataOf(session)).toEqual({ n: 11, keep: true, new: 1 });
  });

  it("F6 401 pauses, and goes on with a new key", async () => {
    const session = await server.session({ n: 1 });
    server.intercept((request) => {
      const headers = new Headers(request.headers);
      headers.set("authorization", "Bearer tr_dev_revoked");
      return server.api.server.fetch(new Request(request, { headers }));
    });
    const { drops, warnings, result } = await runAt(session, async () => {
      metadata.increment("n");
      await expect(metadata.flush()).rejects.toMatchObject({ code: "RUNMETA_METADATA_FLUSH", pending: 1 });
      server.intercept((_, forward) => forward());
      await metadata.flush();
    });
    expect(warnings).toEqual(["UNAUTHORIZED"]);
    expect(drops).toEqual([]);
    expect(result.flushed).toBe(true);
    expect(await server.metadataOf(session)).toEqual({ n: 2 });
  });

  it("F6 404: a session that is not there loses the writes by name, and does not fail the job", async () => {
    const { result, drops } = await runAt("nobody", () => {
      metadata.set("n", 1);
      return "done";
    });
    expect(result).toMatchObject({ ok: true, value: "done", flushed: true });
    expect(drops).toMatchObject([{ reason: "refused", count: 1, keys: ["n"] }]);
    expect(drops[0]?.message).toContain("404");
    expect(server.requests.every((request) => request.method === "GET")).toBe(true);
  });

  it.each([413, 422])("F6 %i: the write at fault is lost alone, the others go through", async (status) => {
    const session = await server.session({ n: 1 });
    server.intercept(async (request, forward) =>
      request.method === "PATCH" && (await request.text()).includes("bad")
        ? Response.json({ error: "refused" }, { status })
        : forward(),
    );
    const { drops } = await runAt(session, () => metadata.increment("n").set("bad", 1).set("good", 1));
    expect(drops).toMatchObject([{ reason: "refused", count: 1, keys: ["bad"] }]);
    expect(await server.metadataOf(session)).toEqual({ n: 2, good: 1 });
  });

  it("F9 a reply that is no session counts as stored, with a warning", async () => {
    const session = await server.session({ n: 1 });
    server.intercept(async (request, forward) => {
      const reply = await forward();
      return request.method === "PATCH" ? Response.json([], { headers: reply.headers }) : reply;
    });
    const { warnings } = await runAt(session, async () => {
      metadata.increment("n");
      await metadata.flush();
      metadata.increment("n");
    });
    expect(warnings).toEqual(["UNREADABLE_REPLY"]);
    expect(await server.metadataOf(session)).toEqual({ n: 3 });
  });
});

describe("two writers", () => {
  it("of two, the last one wins, with the whole document", async () => {
    const session = await server.session({ n: 0 });
    await runAt(session, async () => {
      await withRun({ target: sessionTarget(session) }, () => metadata.increment("n").set("inner", true));
      metadata.increment("n").set("outer", true);
    });
    expect(await server.metadataOf(session)).toEqual({ n: 1, outer: true });
  });

  it("refresh() takes over what another one has written", async () => {
    const session = await server.session({ n: 0 });
    await runAt(session, async () => {
      await withRun({ target: sessionTarget(session) }, () => metadata.increment("n").set("inner", true));
      metadata.increment("n");
      await metadata.refresh();
      expect(metadata.current()).toEqual({ n: 2, inner: true });
    });
    expect(await server.metadataOf(session)).toEqual({ n: 2, inner: true });
  });
});

it("what cannot be a session, or no API, is refused at the call", () => {
  for (const wrong of ["", ".", "..", "\ud800"]) {
    expect(() => sessionTarget(wrong)).toThrow(expect.objectContaining({ code: "RUNMETA_CONFIG" }));
  }
  configure({});
  expect(() => sessionTarget("chat")).toThrow(expect.objectContaining({ code: "RUNMETA_CONFIG" }));
});
