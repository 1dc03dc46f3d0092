import { metadata, task } from "@runmeta/runtime";
import { createServer, inlineEngine, pgliteStorage, postgresStorage } from "../../src/index.ts";

/** A process that serves and executes until somebody kills it: `restart-child.ts <directory> | <url> <schema>`. */
const [, , where = "", schema] = process.argv;
const KEY = "tr_prod_engine-tests";

task({
  id: "stubborn",
  run: async (payload: { endsAt: number }, { ctx, signal }) => {
    metadata.append("attempts", ctx.attempt.number);
    await metadata.flush();
    process.stdout.write(`attempt ${ctx.attempt.number}\n`);
    if (ctx.attempt.number < payload.endsAt)
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    return ctx.attempt.number;
  },
});
task({
  id: "quick",
  queue: { name: "one", concurrencyLimit: 1 },
  run: () => void process.stdout.write("quick\n"),
});

const server = await createServer({
  storage:
    schema === undefined
      ? pgliteStorage({ directory: where })
      : postgresStorage({ connectionString: where, schema }),
  engine: inlineEngine({ concurrency: 2 }),
  secretKeys: [KEY],
});
await server.listen({ port: 0 });
process.stdout.write(`listening on ${server.url}\n`);
