import { prune } from "../../src/service/prune.ts";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";

// Deletes everything that has ended; says "deleted <n>" after each statement that deleted n runs.
const [directory = ""] = process.argv.slice(2);
const storage = pgliteStorage({ directory });
await storage.open();
await prune({
  storage,
  before: new Date(),
  onDeleted: (ids) => void process.stdout.write(`deleted ${ids.length}\n`),
});
await storage.close();
