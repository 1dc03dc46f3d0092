import { defineConfig } from "vitest/config";

const conditions = ["@runmeta/source", "node", "module"];

/** Tests that are meant to fail: another test runs them and looks at how. */
export default defineConfig({
  root: import.meta.dirname,
  ssr: { resolve: { conditions } },
  resolve: { conditions },
  test: { include: ["*.fails.ts"] },
});
