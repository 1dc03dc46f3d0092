import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { losses, type Ratios, ratiosOf } from "./gate.ts";
import { runTable } from "./run-table.ts";
import { formatTable, type Table } from "./table.ts";
import { tables } from "./tables.ts";

const USAGE = `pnpm bench [table …] [--rounds 5] [--gate] [--save] [--nodes directory]

Tables: ${Object.keys(tables).join(", ")}; all when none is named.
--gate   fails when a ratio is less than half of the one in ratios.json
--save   writes the ratios to ratios.json
--nodes  also runs them on the Node.js binaries in directory/node_modules/node-*/bin/node
PostgreSQL takes part when TEST_DATABASE_URL is set, BullMQ when TEST_REDIS_URL is.`;

const committedFile = join(import.meta.dirname, "..", "ratios.json");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    gate: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
    nodes: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const names = positionals.length === 0 ? Object.keys(tables) : positionals;
const measured: Record<string, Table> = {};
for (const [index, node] of [process.execPath, ...binaries(values.nodes)].entries()) {
  for (const name of names) {
    const table = runTable(name, Number(values.rounds), node);
    // Ratios are compared on the Node.js that runs this.
    if (index === 0) measured[name] = table;
    console.log(formatTable(index === 0 ? table : { ...table, title: `${table.title}, ${node}` }));
  }
}

const committed = existsSync(committedFile)
  ? (JSON.parse(readFileSync(committedFile, "utf8")) as Ratios)
  : {};
const ratios = ratiosOf(measured);
if (values.save) writeFileSync(committedFile, `${JSON.stringify({ ...committed, ...ratios }, null, 2)}\n`);
if (values.gate) {
  const lost = losses(committed, ratios);
  for (const sentence of lost) console.error(sentence);
  process.exitCode = lost.length === 0 ? 0 : 1;
}

function binaries(directory: string | undefined): string[] {
  if (directory === undefined) return [];
  const modules = join(directory, "node_modules");
  return readdirSync(modules)
    .filter((name) => name.startsWith("node-"))
    .map((name) => join(modules, name, "bin", "node"))
    .filter((path) => existsSync(path));
}
