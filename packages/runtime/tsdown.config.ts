import { defineConfig } from "tsdown";

const entry = {
  index: "src/index.ts",
  worker: "src/worker.ts",
  bullmq: "src/adapters/bullmq.ts",
  "pg-boss": "src/adapters/pg-boss.ts",
  protocol: "src/protocol/index.ts",
  "protocol-schemas": "src/protocol/schemas.ts",
};

/** Contained in both builds: a package is more to find than a file, and a CommonJS one read from ESM takes 5 MB. */
const small = ["@jsonhero/path", "p-debounce"];
/** Exists as ES modules only: CommonJS code cannot require it, so its build contains it. */
const esmOnly = ["superjson", "copy-anything"];

const shared = defineConfig({
  entry,
  target: "node20",
  dts: true,
  sourcemap: true,
  // Without the file's name before and after each part: 8 KB, and the source map has it.
  inputOptions: { experimental: { attachDebugInfo: "none" } },
  outputOptions: {
    // Three bytes of memory at import for each byte of text. The documentation is in the `.d.ts` files.
    comments: { legal: true, annotation: true, jsdoc: false },
    // What several entries share is in two files, not in one for each set of entries: finding a file costs as much as
    // 30 KB of text, and before the tenth Node 22 compiles its path functions for it, which takes 6 MB. What is only
    // imported on demand keeps files of its own.
    codeSplitting: {
      groups: [
        {
          name: "protocol-core",
          test: /src\/(protocol\/|errors\.ts).*(?<!\.d)\.ts$|@jsonhero/,
          minShareCount: 2,
        },
        { name: "runtime", test: /src\/(?!adapters).*(?<!\.d)\.ts$/, minShareCount: 2 },
      ],
    },
  },
});

export default defineConfig([
  { ...shared, format: "esm", clean: true, deps: { alwaysBundle: small } },
  { ...shared, format: "cjs", clean: false, deps: { alwaysBundle: [...small, ...esmOnly] } },
]);
