/**
 * Imports go one way. Type imports count (`tsPreCompilationDeps`): a type that must be imported from above means that
 * the interface belongs below.
 */
const runtime = "^packages/runtime/src/";
const server = "^packages/server/src/";

/** Layers of the runtime, lowest first; each may import itself and what stands before it. */
const layers = [
  ["leaves", "(errors|clock|lazy-abort|refused)\\.ts$"],
  ["protocol", "protocol/"],
  ["options", "options\\.ts$"],
  ["http", "http/"],
  ["store", "store/"],
  ["target", "target/"],
  ["flush", "flush/"],
  ["stream", "stream/"],
  ["context", "context/"],
  ["facade", "(metadata|updater|progress)\\.ts$"],
  ["client", "client/"],
  ["lifecycle", "lifecycle/"],
  ["adapters", "adapters/"],
];

const above = layers.slice(0, -1).map(([name, path], index) => ({
  name: `${name}-imports-nothing-above`,
  severity: "error",
  from: { path: `${runtime}${path}` },
  to: {
    path: `${runtime}(${layers
      .slice(index + 1)
      .map(([, other]) => other)
      .join("|")})`,
  },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolved", severity: "error", from: {}, to: { couldNotResolve: true } },
    ...above,
    {
      name: "store-and-target-do-not-know-each-other",
      severity: "error",
      from: { path: `${runtime}(store)/` },
      to: { path: `${runtime}target/` },
    },
    {
      name: "target-does-not-know-the-store",
      severity: "error",
      from: { path: `${runtime}target/` },
      to: { path: `${runtime}store/` },
    },
    {
      name: "protocol-is-pure",
      severity: "error",
      comment: "shared by runtime, testing and server, in any JavaScript runtime",
      from: { path: `${runtime}protocol/` },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "only-context-knows-async-hooks",
      severity: "error",
      from: { path: "^packages/.*/src/", pathNot: `${runtime}context/context-storage\\.ts$` },
      to: { path: "async_hooks" },
    },
    {
      name: "zod-stays-off-the-import-path",
      severity: "error",
      comment:
        "importing zod costs 60 ms and 13 MB: only the schema modules have it, and they are loaded when a reply is parsed",
      from: { path: runtime, pathNot: `${runtime}protocol/[a-z-]*schemas\\.ts$` },
      to: { path: "node_modules/zod/", dependencyTypesNot: ["type-only", "type-import"] },
    },
    {
      name: "schemas-are-loaded-on-demand",
      severity: "error",
      from: { path: runtime, pathNot: `${runtime}protocol/[a-z-]*schemas\\.ts$` },
      to: {
        path: `${runtime}protocol/[a-z-]*schemas\\.ts$`,
        dependencyTypesNot: ["dynamic-import", "type-only", "type-import"],
      },
    },
    {
      name: "superjson-is-loaded-on-demand",
      severity: "error",
      from: { path: "^packages/" },
      to: {
        path: "node_modules/superjson/",
        dependencyTypesNot: ["dynamic-import", "type-only", "type-import"],
      },
    },
    {
      name: "adapters-import-no-queue",
      severity: "error",
      comment: "queues are optional peers: what is used of a job is declared as a type of our own",
      from: { path: `${runtime}adapters/` },
      to: { path: "node_modules/(bullmq|pg-boss)/" },
    },
    {
      name: "routes-use-services",
      severity: "error",
      from: { path: `${server}(service|storage)/` },
      to: { path: `${server}(routes|http|cli)/` },
    },
    {
      name: "storage-knows-nobody",
      severity: "error",
      from: { path: `${server}storage/` },
      to: { path: `${server}(service|engine|auth)/` },
    },
    {
      name: "services-see-the-storage-interface",
      severity: "error",
      from: { path: `${server}(service|routes|engine|http)/` },
      to: { path: `${server}storage/`, pathNot: `${server}storage/(storage|stored-text)\\.ts$` },
    },
    {
      name: "server-uses-the-runtime-by-its-entries",
      severity: "error",
      comment: "services and storage see the protocol only; engine and CLI execute tasks",
      from: { path: `${server}(service|storage|routes|http|auth)/` },
      to: { path: runtime, pathNot: `${runtime}protocol/(index|schemas)\\.ts$` },
    },
    {
      name: "packages-use-public-entries",
      severity: "error",
      from: { path: "^(packages/(testing|server)|examples|bench|conformance)/" },
      to: {
        path: runtime,
        pathNot: `${runtime}(index|v3|worker|adapters/(bullmq|pg-boss)|protocol/index|protocol/schemas)\\.ts$`,
      },
    },
    {
      name: "dashboard-uses-the-protocol",
      severity: "error",
      comment: "the pages know the server by its public API; of schemas they take the types only",
      from: { path: "^packages/dashboard/src/" },
      to: {
        path: "^packages/(runtime|server|testing)/",
        pathNot: `${runtime}protocol/index\\.ts$`,
        dependencyTypesNot: ["type-only", "type-import"],
      },
    },
    {
      name: "dashboard-runs-in-browsers",
      severity: "error",
      from: { path: "^packages/dashboard/src/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "testing-loads-the-server-on-demand",
      severity: "error",
      comment: '@runmeta/server is an optional peer: only `backend: "server"` needs it',
      from: { path: "^packages/testing/src/" },
      to: {
        path: "^packages/server/",
        dependencyTypesNot: ["dynamic-import", "type-only", "type-import"],
      },
    },
    {
      name: "testing-needs-no-runner",
      severity: "error",
      comment: "vitest is an optional peer of its own entry",
      from: { path: "^packages/testing/src/", pathNot: "^packages/testing/src/vitest(/|\\.ts$)" },
      to: { path: "node_modules/vitest/|^packages/testing/src/vitest(/|\\.ts$)" },
    },
    {
      name: "testing-has-one-document",
      severity: "error",
      comment:
        "what an operation means is decided in the runtime: of the testing package only run-document.ts calls it, and nothing knows single operations",
      from: { path: "^packages/testing/src/" },
      to: { path: `${runtime}(store|flush|target|context)/|${runtime}protocol/(?!index|schemas)` },
    },
    {
      name: "packages-do-not-import-tests",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: { path: "^packages/[^/]+/test/" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@runmeta/source", "import", "require", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|fixtures)/" },
  },
};
