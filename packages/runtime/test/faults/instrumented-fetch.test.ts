import { scriptedEndpoint } from "@runmeta/testing";
import { describe, expect, it } from "vitest";
import { configure, metadata, runTarget, withRun } from "../../src/index.ts";

describe("an instrumented fetch", () => {
  it("F17 that writes metadata about each request starts no recursion", async () => {
    const endpoint = scriptedEndpoint();
    const original = globalThis.fetch;
    let calls = 0;
    globalThis.fetch = ((request: Request) => {
      calls += 1;
      metadata.increment("requests").set("$.last.url", request.url);
      return endpoint.fetch(request);
    }) as typeof fetch;
    configure({ baseURL: endpoint.baseURL, accessToken: endpoint.accessToken });
    try {
      await withRun({ id: "run_traced", target: runTarget() }, async () => {
        metadata.set("a", 1);
        await metadata.flush();
        metadata.set("a", 2);
      });
    } finally {
      globalThis.fetch = original;
      configure({});
    }
    expect(calls).toBe(3);
    expect(endpoint.requests.map((request) => request.method)).toEqual(["GET", "PUT", "PUT"]);
    expect(endpoint.document("run_traced")).toEqual({ a: 2 });
  });
});
