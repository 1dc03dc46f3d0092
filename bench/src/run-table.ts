import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import type { Table } from "./table.ts";
import { tables } from "./tables.ts";

/** The last core: system work tends to be on the first. */
const core = cpus().length - 1;

/** Measures one table in a process of its own. */
export function runTable(name: string, rounds: number, node: string): Table {
  const entry = tables[name];
  if (entry === undefined)
    throw new Error(`There is no table ${name}: choose of ${Object.keys(tables).join(", ")}.`);
  const directory = mkdtempSync(join(tmpdir(), "runmeta-bench-"));
  const file = join(directory, "table.json");
  const command = [
    ...(entry.pinned && hasTaskset() ? ["taskset", "-c", String(core)] : []),
    node,
    "--expose-gc",
    ...(entry.fromSource ? ["--conditions=@runmeta/source"] : []),
    ...["--import", "tsx", join(import.meta.dirname, "measure-table.ts"), name, String(rounds), file],
  ];
  try {
    execFileSync(command[0] ?? node, command.slice(1), {
      stdio: ["ignore", "inherit", "inherit"],
      cwd: join(import.meta.dirname, ".."),
    });
    return JSON.parse(readFileSync(file, "utf8")) as Table;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Part of util-linux: there is none on a Mac. */
function hasTaskset(): boolean {
  try {
    execFileSync("taskset", ["-c", String(core), "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
