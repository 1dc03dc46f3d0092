import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/v3.ts", "src/worker.ts", "src/protocol/index.ts"],
  format: ["esm", "cjs"],
  target: "node20",
  dts: true,
  sourcemap: true,
  clean: true,
});
