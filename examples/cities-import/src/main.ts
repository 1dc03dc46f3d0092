import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configure } from "@runmeta/runtime";
import { createServer, inlineEngine, pgliteStorage } from "@runmeta/server";
import { citiesByCountry } from "./cities.ts";
import { CityTable } from "./city-table.ts";
import { report } from "./report.ts";
import { showProgress } from "./show-progress.ts";
import { importCities, importInto } from "./tasks.ts";

console.log("Starting a runmeta server with its embedded database …");
const directory = await mkdtemp(join(tmpdir(), "runmeta-demo-"));
const delivered = { writes: 0, requests: 0 };
const server = await createServer({
  storage: pgliteStorage({ directory: join(directory, "runmeta") }),
  engine: inlineEngine({
    onAttemptEnd({ stats }) {
      delivered.writes += stats.accepted;
      delivered.requests += stats.requests;
    },
  }),
});
await server.listen({ port: 0 });
configure({ baseURL: server.url, accessToken: server.secretKey });
console.log(`runmeta server: ${server.url}\nits database and the imported table: ${directory}\n`);

const table = await CityTable.open(join(directory, "cities"));
importInto(table);

const startedAt = performance.now();
const countries = [...citiesByCountry().keys()].sort();
const { id } = await importCities.trigger({ countries }, { tags: ["demo"] });
await showProgress(id);
const seconds = (performance.now() - startedAt) / 1_000;

const { status, rows } = await report(id);
const inTable = await table.count();
console.log(
  `\n${inTable.toLocaleString("en")} rows in the table, ${String(rows)} counted by metadata.parent.increment`,
);
console.log(
  `${delivered.writes.toLocaleString("en")} metadata writes went out in ${delivered.requests.toLocaleString("en")} requests, in ${seconds.toFixed(1)} s`,
);
const exact = status === "COMPLETED" && rows === inTable;
console.log(
  exact
    ? "COMPLETED"
    : `NOT AS IT SHOULD BE: status ${status}, ${String(rows)} counted, ${inTable} in the table`,
);

if (exact && process.stdin.isTTY && process.stdout.isTTY) {
  console.log(`\nThe server stays up. Look around, then stop it with Ctrl-C:
  curl -H "authorization: Bearer ${server.secretKey}" ${server.url}/api/v3/runs/${id}
  curl -H "authorization: Bearer ${server.secretKey}" "${server.url}/api/v1/runs?page%5Bsize%5D=5"`);
  await new Promise((resolve) => process.once("SIGINT", resolve));
}

await table.close();
await server.close();
await rm(directory, { recursive: true, force: true });
process.exitCode = exact ? 0 : 1;
