import { writeFileSync } from "node:fs";
import { tables } from "./tables.ts";

/** `measure-table.ts <name> <rounds> <file>`: measures one table in this process and writes it as JSON. */
const [, , name = "", rounds = "5", file = ""] = process.argv;
const measureTable = await tables[name]?.load();
if (measureTable === undefined) throw new Error(`there is no table ${name}`);
writeFileSync(file, JSON.stringify(await measureTable(Number(rounds))));
// Keep-alive connections and timers of a peer would keep the process.
process.exit(0);
