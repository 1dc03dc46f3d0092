import { lockDirectory } from "../../src/storage/directory-lock.ts";

// Takes the lock named by the first argument, says so, and holds it until it is killed.
const [path = ""] = process.argv.slice(2);
lockDirectory(path).then(
  () => {
    process.stdout.write("locked\n");
    setInterval(() => undefined, 60_000);
  },
  (error: unknown) => {
    process.stdout.write(`refused ${error instanceof Error ? error.message : String(error)}\n`);
  },
);
