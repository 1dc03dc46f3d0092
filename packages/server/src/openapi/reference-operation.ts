import { html } from "hono/html";
import type { ApiResponse, JsonSchema, Operation, Parameter } from "./openapi-document.ts";
import { limitsOf, renderSchema, typeOf } from "./reference-schema.ts";
import { type Markup, paragraphs, prose } from "./reference-text.ts";

/** An operation with the place where it stands in the document. */
export interface PlacedOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The section of one operation. */
export function renderOperation({ method, path, operation }: PlacedOperation): Markup {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  return html`<section class="operation" id="${operationId}" aria-labelledby="${operationId}-title">
    <h3 id="${operationId}-title"><a href="#${operationId}">${summary}</a></h3>
    <p class="call"><span class="method ${method}">${method.toUpperCase()}</span> <code>${breakable(path)}</code></p>
    ${description === undefined ? "" : paragraphs(description)}
    <p class="access">${renderAccess(operation)}</p>
    ${parameters.length === 0 ? "" : html`<h4>Parameters</h4><ul class="members">${parameters.map(renderParameter)}</ul>`}
    ${
      requestBody === undefined
        ? ""
        : html`<h4>Body ${requestBody.required ? "" : html`<span class="limit">optional</span>`}</h4>
          <p>${prose(requestBody.description)}</p>
          ${Object.entries(requestBody.content).map(([mediaType, { schema }]) => renderContent(mediaType, schema))}`
    }
    <h4>Replies</h4>
    ${Object.entries(responses).map(([status, response]) => renderResponse(status, response))}
    <details class="example"><summary>With curl</summary><pre><code>${curl(method, path, operation)}</code></pre></details>
  </section>`;
}

function renderAccess({ security }: Operation): Markup {
  if (security.length === 0) return html`Open to everybody.`;
  const scopes = security.flatMap((alternative) => alternative.publicToken ?? []);
  const takesTokens = security.some((alternative) => alternative.publicToken !== undefined);
  if (!takesTokens) return html`Needs a <a href="#keys">secret key</a>.`;
  if (scopes.length === 0) return html`Needs a <a href="#keys">secret key</a> or a public token.`;
  return html`Needs a <a href="#keys">secret key</a>, or a public token with one of
    ${scopes.map((scope, index) => html`${index === 0 ? "" : ", "}<code>${scope}</code>`)}.`;
}

function renderParameter({ name, in: place, required, description, schema }: Parameter): Markup {
  return html`<li>
    <code class="name">${name}</code> <span class="type">${typeOf(schema)}</span> <span class="limit">${place}</span>${required ? html` <span class="required">required</span>` : ""}${limitsOf(schema)}
    ${description === undefined ? "" : html`<div class="meaning">${prose(description)}</div>`}
  </li>`;
}

function renderResponse(status: string, { description, headers, content }: ApiResponse): Markup {
  const title = html`<span class="status s${status.slice(0, 1)}">${status}</span> <span>${prose(description)}</span>`;
  const schemas = Object.entries(content ?? {});
  // Refusals all look alike; what they are is said once.
  const isRefusal = schemas.every(([, { schema }]) => schema.$ref === "#/components/schemas/Error");
  if (isRefusal && headers === undefined) return html`<p class="reply">${title}</p>`;
  return html`<details class="reply" ${status.startsWith("2") ? "open" : ""}>
    <summary>${title}</summary>
    ${
      headers === undefined
        ? ""
        : html`<ul class="members">${Object.entries(headers).map(
            ([name, header]) =>
              html`<li><code class="name">${name}</code> <span class="limit">header</span>
                <div class="meaning">${prose(header.description)}</div></li>`,
          )}</ul>`
    }
    ${schemas.map(([mediaType, { schema }]) => renderContent(mediaType, schema))}
  </details>`;
}

function renderContent(mediaType: string, schema: JsonSchema): Markup {
  return html`${mediaType === "application/json" ? "" : html`<p class="limit">${mediaType}</p>`}${renderSchema(schema)}`;
}

/** Long paths break after a slash. */
function breakable(path: string): Markup {
  return html`${path.split("/").map((part, index) => (index === 0 ? part : html`/<wbr>${part}`))}`;
}

function curl(method: string, path: string, { security, requestBody }: Operation): string {
  const mediaType = Object.keys(requestBody?.content ?? {})[0];
  return [
    `curl${method === "get" ? "" : ` -X ${method.toUpperCase()}`} "$TRIGGER_API_URL${path}"`,
    ...(security.length === 0 ? [] : ['-H "Authorization: Bearer $TRIGGER_SECRET_KEY"']),
    ...(mediaType === undefined ? [] : [`-H "Content-Type: ${mediaType}"`, "--data-binary @body.json"]),
  ].join(" \\\n  ");
}
