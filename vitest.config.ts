import { defineConfig } from "vitest/config";

/** Tests run the sources; what must be tested as a package (CommonJS, the CLI) says so and uses `dist`. */
const sourceConditions = ["@runmeta/source", "node"];

export default defineConfig({
  ssr: { resolve: { conditions: sourceConditions } },
  resolve: { conditions: sourceConditions },
  test: {
    include: [
      "conformance/test/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "packages/*/src/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is polled for comes late on a busy machine; the default is 1 s.
    expect: { poll: { timeout: 20_000 } },
    typecheck: {
      enabled: true,
      include: [
        "conformance/test/**/*.test.ts",
        "conformance/test/**/*.test-d.ts",
        "packages/*/test/**/*.test-d.ts",
      ],
      tsconfig: "./tsconfig.json",
      ignoreSourceErrors: true,
    },
  },
});
