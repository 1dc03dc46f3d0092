import type { Route } from "../http/route.ts";
import type { ReplyContract } from "../http/route-contract.ts";
import { repliesOf } from "./general-replies.ts";
import type { ApiResponse, JsonSchema, Operation, Parameter } from "./openapi-document.ts";
import type { PathParameter } from "./path-parameters.ts";
import type { SchemaComponents } from "./schema-components.ts";

/** One route as an operation of the document. */
export function buildOperation(
  route: Route,
  pathParameters: readonly PathParameter[],
  components: SchemaComponents,
): Operation {
  const { operationId, tag, summary, description } = route.contract;
  const parameters = [
    ...pathParameters.map(({ name, schema }) =>
      parameter("path", name, true, components.use(schema, "input")),
    ),
    ...queryParametersOf(route, components),
    ...Object.entries(route.contract.headers ?? {}).map(([name, text]) =>
      parameter("header", name, false, { type: "string", description: text }),
    ),
  ];
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: securityOf(route),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBodyOf(route, components),
    responses: Object.fromEntries(
      Object.entries(repliesOf(route)).map(([status, reply]) => [status, response(reply, components)]),
    ),
  };
}

function queryParametersOf(route: Route, components: SchemaComponents): Parameter[] {
  if (route.query === undefined) return [];
  const { properties = {}, required = [] } = components.use(route.query, "input");
  const names: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, schema]) =>
    parameter("query", name, names.includes(name), schema),
  );
}

/** Readers show the text beside a parameter, not the one inside its schema. */
function parameter(
  place: Parameter["in"],
  name: string,
  required: boolean,
  { description, ...schema }: JsonSchema,
): Parameter {
  return {
    name,
    in: place,
    required,
    ...(typeof description === "string" ? { description } : {}),
    schema,
  };
}

function requestBodyOf(route: Route, components: SchemaComponents): Pick<Operation, "requestBody"> {
  const { body } = route;
  if (body.kind === "none") return {};
  const schema = components.use(body.schema, "input");
  if (body.kind === "ndjson") {
    return {
      requestBody: {
        required: true,
        description: "One JSON value a line, each as the schema says; of any length.",
        content: { "application/x-ndjson": { schema } },
      },
    };
  }
  return {
    requestBody: {
      required: !body.schema.safeParse(undefined).success,
      description: `At most ${sizeText(body.limitBytes)}; may be sent with \`Content-Encoding: gzip\`.`,
      content: { "application/json": { schema } },
    },
  };
}

function sizeText(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`;
}

function securityOf({ access }: Route): Operation["security"] {
  if (access.kind === "open") return [];
  if (access.kind === "secret-key") return [{ secretKey: [] }];
  return [{ secretKey: [] }, { publicToken: access.scopes }];
}

function response(reply: ReplyContract, components: SchemaComponents): ApiResponse {
  const { description, schema, mediaType = "application/json", headers } = reply;
  return {
    description,
    ...(headers === undefined ? {} : { headers: responseHeaders(headers) }),
    ...(schema === undefined
      ? {}
      : { content: { [mediaType]: { schema: components.use(schema, "output") } } }),
  };
}

function responseHeaders(
  headers: NonNullable<ReplyContract["headers"]>,
): NonNullable<ApiResponse["headers"]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: "string" } }]),
  );
}
