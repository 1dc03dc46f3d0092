import { defineConfig } from "tsdown";

const shared = { target: "node20", dts: true, sourcemap: true } as const;
/** The pages in dist are of another build, that of @runmeta/dashboard. */
const clean = ["dist/*", "!dist/dashboard"];

export default defineConfig([
  { ...shared, entry: { index: "src/index.ts", "cli/main": "src/cli/main.ts" }, format: "esm", clean },
  // The CLI is a program: nobody requires it, and what only it depends on exists as ES modules.
  // jose exists as ES modules only: CommonJS code cannot require it everywhere, so this build contains it.
  {
    ...shared,
    entry: { index: "src/index.ts" },
    format: "cjs",
    clean: false,
    deps: { alwaysBundle: ["jose"] },
  },
]);
