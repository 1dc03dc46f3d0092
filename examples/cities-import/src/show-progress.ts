import { runs } from "@runmeta/runtime";
import { Presets, SingleBar } from "cli-progress";

/** How often the API is asked. */
const POLL_MS = 200;

interface ImportMetadata {
  readonly rows?: number;
  readonly total?: number;
  readonly countries?: readonly string[];
}

/** Follows a run by what the API says of it, until it has ended; a bar in a terminal, a line every few percent elsewhere. */
export async function showProgress(runId: string): Promise<void> {
  const bar = new SingleBar(
    {
      format:
        "{bar} {percentage}% | {value}/{total} rows | {rate} rows/s | {eta_formatted} to go | {countries} countries",
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 2_000,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  );
  const startedAt = performance.now();
  let shown = false;
  for (;;) {
    const run = await runs.retrieve(runId);
    const { rows = 0, total, countries = [] } = (run.metadata ?? {}) as ImportMetadata;
    if (total !== undefined) {
      const seconds = (performance.now() - startedAt) / 1_000;
      const payload = { countries: countries.length, rate: Math.round(rows / seconds).toLocaleString("en") };
      if (!shown) bar.start(total, rows, payload);
      else bar.update(rows, payload);
      shown = true;
    }
    if (run.finishedAt !== undefined) break;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  bar.stop();
}
