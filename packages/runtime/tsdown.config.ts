import { defineConfig } from "tsdown";

const entry = {
  index: "src/index.ts",
  v3: "src/v3.ts",
  worker: "src/worker.ts",
  bullmq: "src/adapters/bullmq.ts",
  "pg-boss": "src/adapters/pg-boss.ts",
  protocol: "src/protocol/index.ts",
  "protocol-schemas": "src/protocol/schemas.ts",
};

/** Dependencies that exist as ES modules only: CommonJS code cannot require them, so its build contains them. */
const esmOnly = ["superjson", "p-debounce", "copy-anything", "is-what"];

export default defineConfig([
  { entry, format: "esm", target: "node20", dts: true, sourcemap: true, clean: true },
  {
    entry,
    format: "cjs",
    target: "node20",
    dts: true,
    sourcemap: true,
    clean: false,
    deps: { alwaysBundle: esmOnly },
  },
]);
