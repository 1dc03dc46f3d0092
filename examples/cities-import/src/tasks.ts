import { metadata, task } from "@runmeta/runtime";
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
const importCountry = task({
  id: "import-country",
  retry: { maxAttempts: 3, minTimeoutInMs: 200 },
  run: async ({ country }: { country: string }) => {
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

/** Imports every country, each in a run of its own. */
export const importCities = task({
  id: "import-cities",
  run: async ({ countries }: { countries: string[] }) => {
    let total = 0;
    for (const country of countries) total += citiesByCountry().get(country)?.length ?? 0;
    metadata.set("total", total).set("source", "GeoNames (CC BY 4.0)").set("startedAt", new Date());
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
    await metadata.refresh();
    return { rows: total };
  },
});
