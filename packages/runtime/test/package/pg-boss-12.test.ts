import { existsSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createServer, pgliteStorage } from "../../../server/src/index.ts";
import { temporarySchema, testDatabaseUrl } from "../../../server/test/storage/test-database.ts";
import { packedProject } from "./packed-project.ts";
import { runProcess } from "./run-process.ts";

// It needs Node 22, so it is no dependency of this workspace: `.ci/run` installs it beside the newer Nodes.
const modules = join(process.env.TEST_NODES_DIRECTORY ?? "/nowhere", "node_modules");
const missing = testDatabaseUrl === undefined || !existsSync(join(modules, "pg-boss-12"));
if (missing)
  process.stderr.write(
    "pg-boss 12 is not tested: TEST_DATABASE_URL is not set, or it is not in TEST_NODES_DIRECTORY\n",
  );

it.skipIf(missing)(
  "pg-boss 12 on Node 22: attempts, ends and documents agree, one by one and in a batch with perJobResults",
  { timeout: 120_000 },
  async () => {
    const { schema, drop } = temporarySchema(testDatabaseUrl ?? "");
    const server = await createServer({ storage: pgliteStorage({}) });
    await server.listen({ port: 0 });
    await using project = await packedProject();
    await symlink(join(modules, "pg-boss-12"), join(project.directory, "node_modules/pg-boss"), "dir");
    try {
      const { code, stdout, stderr } = await runProcess(
        join(modules, "node-22/bin/node"),
        [join(project.directory, "pg-boss-12.mjs")],
        {
          cwd: project.directory,
          env: { TRIGGER_API_URL: server.url, TRIGGER_SECRET_KEY: server.secretKey, TEST_SCHEMA: schema },
        },
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).toEqual({
        single: [
          ["completed", "COMPLETED", 2, 2],
          ["failed", "FAILED", 2, 2],
        ],
        batch: [
          ["completed", "COMPLETED", 1, 1],
          ["completed", "COMPLETED", 2, 2],
          ["failed", "FAILED", 2, 2],
        ],
      });
    } finally {
      await drop();
      await server.close();
    }
  },
);
