import packageJson from "../../package.json" with { type: "json" };
import type { Route } from "../http/route.ts";
import { ROUTE_TAGS, type RouteContract } from "../http/route-contract.ts";
import { buildOperation } from "./build-operation.ts";
import type { OpenApiDocument, Operation } from "./openapi-document.ts";
import { readPath } from "./path-parameters.ts";
import { SchemaComponents } from "./schema-components.ts";

const DESCRIPTION = `The API of a runmeta server. Official Trigger.dev clients speak it unmodified: set \`TRIGGER_API_URL\` to this server.

Every refusal is JSON with \`error\`. A path that is reached with another method than those listed answers 405 with \`Allow\`, an unknown one 404. \`x-should-retry: false\` on a reply says that asking again changes nothing. Members that replies may gain later are to be ignored.`;

const TAG_DESCRIPTIONS: Readonly<Record<RouteContract["tag"], string>> = {
  Metadata: "The document of a run: what a task writes while it works.",
  Runs: "Runs, from whatever started them.",
  Tasks: "Starting runs.",
  Batches: "Starting many runs in two calls.",
  Sessions: "Documents that outlive a run, with tasks attached.",
  Realtime: "Changes as they happen, for pages and programs that watch.",
  Streams: "Lists of values that grow while a run is executed, such as the words of an answer.",
  Records: "Documents of their own, without a run.",
  Tokens: "Public tokens: what a browser may see.",
  Workers: "For workers and queues that execute runs outside of this server.",
  Server: "The server itself.",
};

const SECURITY_SCHEMES: OpenApiDocument["components"]["securitySchemes"] = {
  secretKey: {
    type: "http",
    scheme: "bearer",
    description:
      "A secret key, `tr_dev_…`, `tr_stg_…`, `tr_prod_…` or `tr_preview_…`: everything in one environment. For servers only.",
  },
  publicToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "A public token: a JWT signed with a secret key (HS256), good for what its `scopes` name. Operations list scopes of which one is needed, as `action:type:{id}`; without the id a scope covers all of its type.",
  },
};

/** The OpenAPI document of these routes. Takes a tenth of a second and more, so it is made once, when first asked for. */
export function buildDocument(routes: readonly Route[]): OpenApiDocument {
  const components = new SchemaComponents();
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const { template, parameters } = readPath(route.path);
    const operations = (paths[template] ??= {});
    operations[route.method.toLowerCase()] = buildOperation(route, parameters, components);
  }
  const used = new Set(routes.map((route) => route.contract.tag));
  return {
    openapi: "3.1.1",
    info: { title: "runmeta", version: packageJson.version, description: DESCRIPTION },
    servers: [{ url: "/" }],
    tags: ROUTE_TAGS.filter((name) => used.has(name)).map((name) => ({
      name,
      description: TAG_DESCRIPTIONS[name],
    })),
    paths,
    components: { schemas: components.all(), securitySchemes: SECURITY_SCHEMES },
  };
}
