import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { OpenApiDocument, Operation } from "../../src/openapi/openapi-document.ts";

/** A reply as a caller saw it; `body` is undefined for none. */
export interface SeenReply {
  readonly method: string;
  /** With or without a query. */
  readonly path: string;
  readonly status: number;
  readonly mediaType: string;
  readonly body: unknown;
}

interface KnownOperation {
  readonly template: string;
  readonly pattern: RegExp;
  readonly methods: Readonly<Record<string, Operation>>;
}

/** Compares replies with what a document promises. Members that the document does not name count as wrong here. */
export class ReplyChecker {
  readonly #operations: readonly KnownOperation[];
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(document: OpenApiDocument) {
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(closeObjects(document) as object, "document");
    this.#operations = Object.entries(document.paths).map(([template, methods]) => ({
      template,
      pattern: new RegExp(`^${template.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]*")}$`),
      methods,
    }));
  }

  /** What is wrong with a reply, or undefined. Replies to methods and paths that the document has not are passed over. */
  check(reply: SeenReply): string | undefined {
    const path = reply.path.split("?", 1)[0] ?? "";
    const method = reply.method.toLowerCase();
    const known = this.#operations.find(({ pattern }) => pattern.test(path));
    const operation = known?.methods[method];
    if (known === undefined || operation === undefined) return undefined;
    const name = `${operation.operationId} ${reply.status}`;
    const response = operation.responses[reply.status];
    if (response === undefined) return `${name} is not in the document: ${JSON.stringify(reply.body)}`;
    if (response.content === undefined) return reply.body === undefined ? undefined : `${name} has a body`;
    if (response.content[reply.mediaType] === undefined) return `${name} is ${reply.mediaType}`;
    const pointer = [
      "paths",
      known.template,
      method,
      "responses",
      String(reply.status),
      "content",
      reply.mediaType,
    ];
    const validate = this.#ajv.getSchema(`document#/${pointer.map(escapePart).join("/")}/schema`);
    if (validate === undefined) return `${name} has no schema`;
    if (validate(reply.body) === true) return undefined;
    return `${name}: ${this.#ajv.errorsText(validate.errors)}: ${JSON.stringify(reply.body).slice(0, 2000)}`;
  }
}

function escapePart(part: string): string {
  return encodeURIComponent(part.replace(/~/g, "~0").replace(/\//g, "~1"));
}

/** The document leaves objects open for clients; to find undocumented members they must be closed. */
function closeObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closeObjects);
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, closeObjects(member)]));
  const isObjectSchema = copy.type === "object" && copy.properties !== undefined;
  return isObjectSchema && copy.additionalProperties === undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}
