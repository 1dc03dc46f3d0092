import { expect, test } from "vitest";
import { startTestServer } from "../server/test-server.ts";

test("browsers may call every route with a token and read every reply", async () => {
  await using api = await startTestServer();
  const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
    api.server.fetch(new Request(`http://localhost${path}`, { method, headers }));
  for (const path of ["/api/v3/runs/run_x", "/api/v1/tasks/a/trigger", "/api/v3/batches", "/api/v1/runs"]) {
    for (const asked of [undefined, "authorization", "x-trigger-source, Content-Type", "*", "\u00e4"]) {
      const reply = await ask(
        "OPTIONS",
        path,
        asked === undefined ? {} : { "access-control-request-headers": asked },
      );
      expect(reply.status).toBe(204);
      expect(reply.headers.get("access-control-allow-origin")).toBe("*");
      const names = reply.headers.get("access-control-allow-headers")?.split(", ");
      expect(names).toContain("authorization");
      expect(new Set(names).size).toBe(names?.length);
      if (asked?.startsWith("x-"))
        expect(names).toEqual(expect.arrayContaining(["x-trigger-source", "content-type"]));
    }
  }
  const replies = [
    await ask("GET", "/api/v3/runs/run_x"),
    await ask("DELETE", "/api/v3/runs/run_x"),
    await ask("GET", "/nothing"),
    await ask("POST", "/api/v1/tasks/a/trigger", { authorization: "Bearer a.b.c" }),
  ];
  expect(replies.map((reply) => reply.status)).toEqual([401, 405, 404, 401]);
  for (const reply of replies) {
    expect(reply.headers.get("access-control-allow-origin")).toBe("*");
    // Credentials are never cookies: nothing is to be sent along.
    expect(reply.headers.has("access-control-allow-credentials")).toBe(false);
    const exposed = reply.headers.get("access-control-expose-headers")?.split(", ");
    for (const name of ["x-trigger-jwt", "x-trigger-jwt-claims", "electric-handle", "electric-offset"])
      expect(exposed).toContain(name);
  }
});
