import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/vitest.ts"],
  format: ["esm", "cjs"],
  target: "node20",
  dts: true,
  sourcemap: true,
  clean: true,
});
