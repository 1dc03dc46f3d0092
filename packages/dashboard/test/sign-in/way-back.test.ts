import { expect, test } from "vitest";
import { signInAddress, wayBack } from "../../src/sign-in/way-back.ts";

test("a sign-in leads back to where one was", () => {
  const address = signInAddress("/runs/run_1", "tab=history&x=%26");
  expect(wayBack(address.slice(address.indexOf("?")))).toBe("/runs/run_1?tab=history&x=%26");
});

test.each([
  "//example.com/runs",
  "https://example.com",
  "/\\example.com",
  "/auth/link/x",
  "javascript:alert(1)",
  "/runsx",
])("W2 and not to %s", (from) => {
  expect(wayBack(`?${new URLSearchParams({ from })}`)).toBe("/runs");
});
