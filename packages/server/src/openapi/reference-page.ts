import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import type { OpenApiDocument } from "./openapi-document.ts";
import { type PlacedOperation, renderOperation } from "./reference-operation.ts";
import { renderSchema, schemaAnchor } from "./reference-schema.ts";
import { REFERENCE_STYLE } from "./reference-style.ts";
import { type Markup, paragraphs, prose } from "./reference-text.ts";

/**
 * What a browser may do on the page: show it, with this very style sheet. No script runs, nothing is loaded, nobody
 * frames it.
 */
export const REFERENCE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(REFERENCE_STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The document as a page to read: static HTML, everything escaped, no script. */
export async function renderReference(document: OpenApiDocument): Promise<string> {
  const { info, tags, components } = document;
  const operations = placedOperations(document);
  const ofTag = (name: string) => operations.filter(({ operation }) => operation.tags[0] === name);
  const schemas = Object.entries(components.schemas);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${info.title} API reference</title>
<style>${raw(REFERENCE_STYLE)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<nav aria-label="Operations">
  <details>
    <summary><strong>${info.title}</strong> API ${info.version}</summary>
    <p><a href="#keys">Keys</a></p>
    ${tags.map(({ name }) => html`<h2>${name}</h2><ul>${ofTag(name).map(renderNavigation)}</ul>`)}
    <h2>Schemas</h2>
    <ul>${schemas.map(([name]) => html`<li><a href="#${schemaAnchor(name)}">${name}</a></li>`)}</ul>
  </details>
</nav>
<main id="content">
  <h1>${info.title} API</h1>
  ${paragraphs(info.description)}
  <p>For machines: <a href="openapi.json">openapi.json</a>, OpenAPI ${document.openapi}.</p>
  <section id="keys">
    <h2>Keys</h2>
    <p>Sent as <code>Authorization: Bearer …</code>.</p>
    <ul class="members">${Object.entries(components.securitySchemes).map(
      ([name, scheme]) =>
        html`<li><code class="name">${name}</code><div class="meaning">${prose(scheme.description)}</div></li>`,
    )}</ul>
  </section>
  ${tags.map(
    ({ name, description }) =>
      html`<section class="tag"><h2>${name}</h2><p>${prose(description)}</p>${ofTag(name).map(renderOperation)}</section>`,
  )}
  <section class="tag">
    <h2>Schemas</h2>
    ${schemas.map(
      ([name, schema]) =>
        html`<section class="operation" id="${schemaAnchor(name)}"><h3><a href="#${schemaAnchor(name)}">${name}</a></h3>
          ${typeof schema.description === "string" ? paragraphs(schema.description) : ""}${renderSchema(schema)}</section>`,
    )}
  </section>
</main>
</body>
</html>
`;
  return String(await page);
}

function placedOperations(document: OpenApiDocument): PlacedOperation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

function renderNavigation({ method, operation }: PlacedOperation): Markup {
  return html`<li><a href="#${operation.operationId}"><span class="method ${method}">${method.toUpperCase()}</span> ${operation.summary}</a></li>`;
}
