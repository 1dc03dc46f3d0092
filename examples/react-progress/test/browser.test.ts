import { auth } from "@runmeta/runtime";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { makeTokens } from "../src/make-tokens.ts";
import { Office } from "./office.ts";

const executablePath = process.env.TEST_CHROMIUM;
if (executablePath === undefined) {
  process.stderr.write("examples/react-progress is not tried in a browser: TEST_CHROMIUM is not set\n");
}

// Three waits of a visit, at most.
vi.setConfig({ testTimeout: 60_000 });

describe.skipIf(executablePath === undefined)("the official hooks in Chromium, from another origin", () => {
  let office: Office;
  beforeAll(async () => {
    office = await Office.open(executablePath ?? "");
  }, 120_000);
  afterAll(() => office?.close());

  test("a telegram is triggered; its progress, its stream and the list move without a reload", async () => {
    await using visit = await office.visit();
    const seen = await visit.watch(".card .count");
    await visit.send("Mr Watson, come here");
    expect(await visit.tape(4)).toEqual([
      "Mr = −− ·−·",
      "Watson, = ·−− ·− − ··· −−− −· −−··−−",
      "come = −·−· −−− −− ·",
      "here = ···· · ·−· ·",
    ]);
    await visit.telegram.getByText("Delivered").waitFor();
    // A page reload would have lost what was seen before it.
    const counts = (await seen()).filter((count) => count !== "");
    expect(counts.at(-1)).toBe("4 of 4 words");
    expect(counts.length).toBeGreaterThanOrEqual(3);
    expect(counts).toEqual([...counts].sort());
    await visit.recent.filter({ hasText: "Mr Watson, come here" }).getByText("Delivered").waitFor();
    expect(visit.complaints).toEqual([]);
  });

  test("who comes later sees all telegrams, opens one, and follows those of others", async () => {
    await using first = await office.visit();
    await first.send("one two");
    await first.telegram.getByText("Delivered").waitFor();
    await using second = await office.visit();
    await second.recent.filter({ hasText: "Mr Watson" }).waitFor();
    await second.recent.filter({ hasText: "one two" }).getByRole("button").click();
    await second.telegram.getByText("Delivered").waitFor();
    expect(await second.tape(2)).toEqual(["one = −−− −· ·", "two = − ·−− −−−"]);
    await first.page.getByRole("button", { name: "New telegram" }).click();
    await first.send("three four five");
    const followed = second.recent.filter({ hasText: "three four five" });
    await followed.getByText("Keying").waitFor();
    await followed.getByText("Delivered").waitFor();
    expect([...first.complaints, ...second.complaints]).toEqual([]);
  });

  test("a run that fails says why", async () => {
    await using visit = await office.visit();
    await visit.send("voilà monsieur");
    await visit.telegram.getByText("There is no Morse code for “voilà”.").waitFor();
    await visit.recent.first().getByText("Failed").waitFor();
    expect(visit.complaints).toEqual([]);
  });

  test("tokens for something else, or of the past, end in an error that the page shows", async () => {
    const foreign = {
      apiUrl: office.apiUrl,
      trigger: await auth.createTriggerPublicToken("another-task"),
      read: await auth.createPublicToken({ scopes: { read: { tags: "another-tag" } } }),
    };
    await using visit = await office.visit(foreign);
    await visit.page.getByText("The list cannot be read").waitFor();
    await visit.send("not allowed");
    await visit.page.getByText("It was not sent").waitFor();
    const alerts = await visit.page.getByRole("alert").allInnerTexts();
    expect(alerts).toEqual([
      expect.stringContaining("Unauthorized"),
      expect.stringContaining("Unauthorized"),
    ]);

    const past = { expirationTime: new Date(Date.now() - 60_000) };
    const expired = {
      apiUrl: office.apiUrl,
      trigger: await auth.createTriggerPublicToken("send-telegram", past),
      read: await auth.createPublicToken({ ...past, scopes: { read: { tags: "telegram" } } }),
    };
    await using late = await office.visit(expired);
    await late.page.getByText("The list cannot be read").waitFor();
    await late.send("too late");
    await late.page.getByText("It was not sent").waitFor();
    expect(await late.page.getByRole("alert").allInnerTexts()).toEqual([
      expect.stringContaining("Public Access Token is invalid"),
      expect.stringContaining("Public Access Token is invalid"),
    ]);
  });

  test("a trigger token sends one telegram; the second one is told", async () => {
    const tokens = await makeTokens(office.apiUrl);
    await using first = await office.visit(tokens);
    await first.send("first");
    await first.telegram.getByText("Delivered").waitFor();
    await using second = await office.visit(tokens);
    await second.send("second");
    await second.page.getByText("one-time use token as it has already been used").waitFor();
  });

  test("the server goes away and comes back: the page catches up, and no word is missed or comes twice", async () => {
    await using visit = await office.visit();
    const words = "a b c d e f g h i j k l".split(" ");
    await visit.send(words.join(" "));
    await visit.tape(3);
    const refused = visit.page.waitForEvent("requestfailed", (request) =>
      request.url().startsWith(office.apiUrl),
    );
    await office.stopApi();
    await refused;
    await office.startApi();
    expect((await visit.tape(words.length)).map((part) => part.split(" ")[0])).toEqual(words);
    await visit.telegram.getByText("Delivered").waitFor();
    await visit.recent
      .filter({ hasText: words.join(" ") })
      .getByText("Delivered")
      .waitFor();
    // Also telegrams of others: nothing is left behind that does not listen any more.
    await using other = await office.visit();
    await other.send("and now");
    await visit.recent.filter({ hasText: "and now" }).getByText("Delivered").waitFor();
  });
});
