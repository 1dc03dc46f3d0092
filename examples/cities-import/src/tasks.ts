import { defineMetadata, metadata, schemaTask, task } from "@runmeta/runtime";
import { z } from "zod";
import { citiesByCountry } from "./cities.ts";
import type { CityTable } from "./city-table.ts";

const CHUNK_ROWS = 500;
const COUNTRIES_AT_ONCE = 25;

let table: CityTable | undefined;

/** Tells the tasks where to import to. */
export function importInto(opened: CityTable): void {
  table = opened;
}

function openTable(): CityTable {
  if (table === undefined) throw new Error("importInto() must be called before a run starts");
  return table;
}

/** Imports one country, and counts its rows in the metadata of the run that triggered it. */
const importCountry = schemaTask({
  id: "import-country",
  schema: z.object({ country: z.string().length(2) }),
  retry: { maxAttempts: 3, minTimeoutInMs: 200 },
  run: async ({ country }) => {
    const cities = citiesByCountry().get(country) ?? [];
    metadata.set("country", country);
    const progress = metadata.progress(cities.length);
    for (let start = 0; start < cities.length; start += CHUNK_ROWS) {
      const chunk = cities.slice(start, start + CHUNK_ROWS);
      await openTable().insert(chunk);
      progress.advance(chunk.length);
      metadata.set("last", chunk.at(-1)?.name).parent.increment("rows", chunk.length);
    }
    metadata.parent.append("countries", country);
    return { country, rows: cities.length };
  },
});

/** The parent's metadata, typed; `startedAt` is a string on the wire and a `Date` here. */
const importMetadata = defineMetadata(
  z.object({
    total: z.number(),
    source: z.string(),
    startedAt: z.coerce.date(),
    rows: z.number().default(0),
  }),
);

/** Imports every country, each in a run of its own. */
export const importCities = task({
  id: "import-cities",
  run: async ({ countries }: { countries: string[] }) => {
    let total = 0;
    for (const country of countries) total += citiesByCountry().get(country)?.length ?? 0;
    importMetadata.set("total", total).set("source", "GeoNames (CC BY 4.0)").set("startedAt", new Date());
    const progress = metadata.progress(total);
    for (let start = 0; start < countries.length; start += COUNTRIES_AT_ONCE) {
      const group = countries.slice(start, start + COUNTRIES_AT_ONCE);
      const { runs } = await importCountry.batchTriggerAndWait(
        group.map((country) => ({ payload: { country } })),
      );
      for (const run of runs) {
        if (!run.ok) throw new Error(`import of a country failed: ${String(run.error)}`);
        progress.advance(run.output.rows);
      }
    }
    await metadata.refresh(); // what the children counted
    const { rows, startedAt } = importMetadata.current() ?? { rows: 0, startedAt: new Date() };
    metadata.set("seconds", Math.round((Date.now() - startedAt.getTime()) / 100) / 10);
    return { rows };
  },
});
