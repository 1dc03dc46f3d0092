import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../src/", import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const sources = files.map((name) =>
  ts.createSourceFile(name, readFileSync(join(root, name), "utf8"), ts.ScriptTarget.Latest, true),
);

/** `file: name` of everything imported from a module of the runtime. */
const imported = sources.flatMap((source) =>
  source.statements.filter(ts.isImportDeclaration).flatMap(({ moduleSpecifier, importClause }) => {
    const from = ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : "";
    const bindings = importClause?.namedBindings;
    const names = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : [];
    return names.map(({ name, propertyName }) => ({
      file: source.fileName,
      from,
      name: (propertyName ?? name).text,
    }));
  }),
);

/** What decides about metadata: what an operation does, how large a document may be. */
const rules =
  /^(?:apply|append|remove|increment|collapse|assign|missing|deepEqual|jsonBytes|numberBytes|stringBytes|copyJson)/;

test("what an operation means, and what fits, is asked of the runtime, in as few places as can be", () => {
  const used = imported.filter(({ name }) => rules.test(name)).map(({ file, name }) => `${file}: ${name}`);
  expect(used.toSorted()).toEqual([
    // A document that the test gives is checked as the runtime checks one.
    "run-document.ts: applyOperations",
    "run-document.ts: applyRemoteOperations",
    "run-document.ts: jsonBytes",
    "run-session.ts: copyJson",
    "trigger-routes.ts: jsonBytes",
  ]);
  expect(
    new Set(imported.map(({ from }) => from).filter((from) => from.startsWith("@runmeta/runtime"))),
  ).toEqual(
    new Set([
      "@runmeta/runtime",
      "@runmeta/runtime/worker",
      "@runmeta/runtime/protocol",
      "@runmeta/runtime/protocol/schemas",
    ]),
  );
});

test("no code knows single operations, and none counts bytes itself", () => {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && ["append", "remove", "increment", "delete", "set"].includes(node.text)) {
      found.push(`${node.getSourceFile().fileName}: ${JSON.stringify(node.text)}`);
    }
    if (ts.isIdentifier(node) && ["TextEncoder", "byteLength"].includes(node.text)) {
      found.push(`${node.getSourceFile().fileName}: ${node.text}`);
    }
    ts.forEachChild(node, visit);
  };
  for (const source of sources) visit(source);
  expect(found).toEqual([]);
});
