// Run by official-sessions.test.ts in a process of its own: the test runner's resolve conditions break OpenTelemetry,
// which the official client imports.
import { createRequire } from "node:module";

const [url, key] = process.argv.slice(2);
// A dev dependency of the runtime package, where its rules are compared with ours.
const runtime = createRequire(new URL("../../../runtime/package.json", import.meta.url));
const { configure, sessions } = runtime("@trigger.dev/sdk");
configure({ baseURL: url, accessToken: key });

const input = {
  type: "chat",
  externalId: "chat/1",
  taskIdentifier: "answer",
  triggerConfig: { basePayload: { user: 7 }, machine: "micro", concurrencyKey: 5, ttl: "1h" },
  tags: ["a"],
  metadata: { n: 1 },
};
const created = await sessions.start(input);
const again = await sessions.start(input);
const retrieved = await sessions.retrieve("chat/1");
const updated = await sessions.update("chat/1", { metadata: { n: 2 }, tags: ["b"] });
const cleared = await sessions.update(created.id, { metadata: null });
const closed = await sessions.close("chat/1", { reason: "done" });

for (const n of [1, 2, 3]) await sessions.start({ ...input, type: "listed", externalId: `l${n}` });
const listed = [];
for await (const session of sessions.list({
  type: ["listed", "none"],
  limit: 2,
  status: ["ACTIVE", "EXPIRED"],
}))
  listed.push(session.externalId);

const refusals = {};
for (const [name, call] of Object.entries({
  closed: () => sessions.start(input),
  renamed: () => sessions.update("chat/1", { externalId: "other" }),
  missing: () => sessions.retrieve("nobody"),
  large: () => sessions.update("chat/1", { metadata: { text: "x".repeat(40_000) } }),
})) {
  refusals[name] = await call().then(
    () => "accepted",
    (error) => `${error.status} ${error.message}`,
  );
}

process.stdout.write(
  JSON.stringify({
    created,
    createdAtIsDate: created.createdAt instanceof Date,
    again,
    retrieved,
    updated,
    cleared,
    closed,
    listed,
    refusals,
  }),
);
