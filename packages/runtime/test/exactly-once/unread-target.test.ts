import { scriptedEndpoint } from "@runmeta/testing";
import { afterEach, expect, it } from "vitest";
import { configure, metadata, runTarget, withRunResult } from "../../src/index.ts";
import { fastClock } from "./fast-clock.ts";

afterEach(() => configure({}));

/** An endpoint that cannot be read when the run begins. */
async function begin(stored: { n?: number }, body: () => unknown) {
  const endpoint = scriptedEndpoint([], { document: stored });
  let reads = 0;
  configure({
    baseURL: endpoint.baseURL,
    accessToken: endpoint.accessToken,
    fetch: (request) => {
      if (request.method === "GET" && (reads += 1) === 1) throw new Error("connection reset");
      return endpoint.fetch(request);
    },
  });
  await withRunResult(
    {
      id: "run_unread",
      target: runTarget(),
      clock: fastClock(50),
      metadata: { n: 0, title: "t" },
      onWarning: () => {},
    },
    body,
  );
  return endpoint.document("run_unread");
}

it("what an earlier attempt has stored is not overwritten by what the run was given", async () => {
  expect(await begin({ n: 5 }, () => metadata.increment("n"))).toEqual({ n: 6 });
});

it("what the run was given is stored where nothing is, before its own writes", async () => {
  expect(await begin({}, () => metadata.increment("n"))).toEqual({ n: 1, title: "t" });
});

it("what the run was given is stored also when it writes nothing", async () => {
  expect(await begin({}, () => {})).toEqual({ n: 0, title: "t" });
});
