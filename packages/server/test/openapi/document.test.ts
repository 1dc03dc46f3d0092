import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OpenApiDocument } from "../../src/openapi/openapi-document.ts";
import { allRoutes } from "../../src/routes/all-routes.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
let document: OpenApiDocument;
beforeAll(async () => {
  api = await startTestServer();
  document = (await api.call("GET", "/openapi.json", undefined, { authorization: "" })).body;
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

/** `METHOD /template` of every operation in the document. */
const operations = () =>
  Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      template,
      operation,
    })),
  );

test("is a valid OpenAPI 3.1 document, open to everybody", async () => {
  const result = await new Validator().validate({ ...document });
  expect(result).toEqual({ valid: true });
  expect(document.openapi).toMatch(/^3\.1\./);
});

test("has every route, and no operation that is none", async () => {
  // Nothing of the services is touched by asking for the list.
  const routes = allRoutes({} as Parameters<typeof allRoutes>[0], { now: () => new Date(0) } as never);
  const ofRoutes = routes.map(
    ({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`,
  );
  expect(
    operations()
      .map(({ method, template }) => `${method} ${template}`)
      .sort(),
  ).toEqual(ofRoutes.sort());
  for (const { method, template, operation } of operations()) {
    // An open operation looks for its row at once, and says so.
    if (operation.security.length === 0 && "404" in operation.responses) continue;
    const answer = await api.call(method, template.replace(/\{\w+\}/g, "x"), undefined, {
      authorization: "Bearer x",
    });
    expect([404, 405], `${method} ${template}`).not.toContain(answer.status);
  }
});

test("every operation has a name of its own; it and its parameters say what they are for", () => {
  const names = operations().map(({ operation }) => operation.operationId);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  for (const { operation } of operations()) {
    expect(operation.summary, operation.operationId).toMatch(/^[A-Z].*[^.]$/);
    for (const parameter of operation.parameters ?? []) {
      expect(parameter.description, `${operation.operationId} ${parameter.name}`).toMatch(/\S/);
    }
    const token = operation.security.find((alternative) => alternative.publicToken !== undefined);
    if (token !== undefined) expect(token.publicToken, operation.operationId).not.toEqual([]);
    expect(Object.keys(operation.responses).some((status) => status.startsWith("2"))).toBe(true);
  }
});

test("holds no secret", () => {
  expect(JSON.stringify(document)).not.toContain(api.server.secretKey);
});
