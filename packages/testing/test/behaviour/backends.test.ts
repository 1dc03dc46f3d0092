import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closeServers, mockRun } from "../../src/index.ts";
import { behaviours } from "./all.ts";
import { expectedOn, placeOn } from "./behaviour.ts";

/** On a busy machine a database takes its time to start. */
const START_TIMEOUT_MS = 120_000;

beforeAll(() => mockRun({ backend: "server" }, () => {}), START_TIMEOUT_MS);
afterAll(closeServers);

/** One list of cases: a difference between backends fails, except where the case names it. */
describe.each(["memory", "server", "trigger.dev"] as const)("on %s", (backend) => {
  test.each(behaviours.map((behaviour) => [behaviour.name, behaviour] as const))(
    "%s",
    async (_, behaviour) => {
      expect(await behaviour.observe(placeOn(backend))).toEqual(expectedOn(behaviour, backend));
    },
  );
});

test("there are more than sixty of them, each once", () => {
  expect(behaviours.length).toBeGreaterThanOrEqual(60);
  expect(new Set(behaviours.map(({ name }) => name)).size).toBe(behaviours.length);
});
