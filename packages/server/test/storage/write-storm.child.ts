import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import { newRun } from "./new-run.ts";

// Writes groups of documents without end; says "ack <n>" after the n-th was acknowledged. Each run's document holds n.
const [directory = ""] = process.argv.slice(2);
const storage = pgliteStorage({ directory });
await storage.open();
const ids = Array.from({ length: 16 }, (_, index) => `run_storm_${index}`);
await storage.insertRuns(ids.map((id) => newRun({ id, metadata: '{"n":0}' })));
const [first] = await storage.readDocuments(ids.slice(0, 1));
for (let n = (first?.version ?? 0) + 1; ; n++) {
  const metadata = JSON.stringify({ n, padding: "x".repeat(n % 5_000) });
  const written = await storage.writeDocuments(
    ids.map((id) => ({ id, expectedVersion: n - 1, metadata, dedupe: `{"n":${n}}` })),
  );
  process.stdout.write(written ? `ack ${n}\n` : `lost ${n}\n`);
}
