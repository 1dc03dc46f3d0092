import { html } from "hono/html";
import type { JsonSchema } from "./openapi-document.ts";
import { type Markup, prose } from "./reference-text.ts";

/** Where the section of a named schema is linked to. */
export function schemaAnchor(name: string): string {
  return `schema-${name}`;
}

/** A schema as readers want it: its members with type and meaning; named ones as links. */
export function renderSchema(schema: JsonSchema): Markup {
  const members = memberList(schema);
  const variants = variantsOf(schema);
  if (members === undefined && variants === undefined && schema.items === undefined) {
    return html`<p class="schema">${typeOf(schema)}${limitsOf(schema)}</p>`;
  }
  return html`<div class="schema">${body(schema)}</div>`;
}

/** What a schema says in one line: `string`, `Run[]`, `"a" | "b"`. */
export function typeOf(schema: JsonSchema): Markup {
  const { $ref: reference, type, enum: values, items } = schema;
  if (typeof reference === "string") {
    const name = reference.slice(reference.lastIndexOf("/") + 1);
    return html`<a href="#${schemaAnchor(name)}">${name}</a>`;
  }
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (Array.isArray(values))
    return joined(values.map((value) => html`<code>${JSON.stringify(value)}</code>`));
  const variants = variantsOf(schema);
  if (variants !== undefined) return joined(variants.map(typeOf));
  if (type === "array") return html`list of ${typeOf(asSchema(items))}`;
  if (type === "object" && isSchema(schema.additionalProperties) && schema.properties === undefined) {
    return html`map of ${typeOf(schema.additionalProperties)}`;
  }
  if (Array.isArray(type)) return html`${type.join(" | ")}`;
  return html`${typeof type === "string" ? type : "any JSON"}`;
}

/** Bounds and form of a value, for readers of its type. */
export function limitsOf(schema: JsonSchema): Markup {
  const parts: string[] = [];
  const add = (text: string, value: unknown) => {
    if (typeof value === "number" || typeof value === "string") parts.push(`${text} ${value}`);
  };
  if (schema.type !== "string" || schema.pattern === undefined) add("", schema.format);
  add("at least", schema.minimum);
  add("above", schema.exclusiveMinimum);
  add("at most", schema.maximum);
  add("min. length", schema.minLength);
  add("max. length", schema.maxLength);
  add("max. items", schema.maxItems);
  if (typeof schema.default === "number" || typeof schema.default === "string") {
    add("default", JSON.stringify(schema.default));
  }
  const form = typeof schema.pattern === "string" ? html` <code class="form">${schema.pattern}</code>` : "";
  return html`${parts.length === 0 ? "" : html` <span class="limit">${parts.join(", ").trim()}</span>`}${form}`;
}

function body(schema: JsonSchema): Markup {
  const variants = variantsOf(schema);
  if (variants !== undefined) {
    return html`${variants.map((one, index) => html`<div class="variant">${index === 0 ? "Either" : "or"} ${body(one)}</div>`)}`;
  }
  if (schema.type === "array") return html`<div class="items">list of ${body(asSchema(schema.items))}</div>`;
  return memberList(schema) ?? html`${typeOf(schema)}${limitsOf(schema)}`;
}

function memberList(schema: JsonSchema): Markup | undefined {
  const properties = Object.entries(asSchema(schema.properties));
  if (properties.length === 0) return undefined;
  const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
  return html`<ul class="members">
    ${properties.map(([name, member]) => renderMember(name, asSchema(member), required.includes(name)))}
  </ul>`;
}

function renderMember(name: string, schema: JsonSchema, required: boolean): Markup {
  const { description } = schema;
  return html`<li>
    <code class="name">${name}</code> <span class="type">${typeOf(schema)}</span>${required ? html` <span class="required">required</span>` : ""}${limitsOf(schema)}
    ${typeof description === "string" ? html`<div class="meaning">${prose(description)}</div>` : ""}
    ${hasInside(schema) ? body(schema) : ""}
  </li>`;
}

/** True when a member's type in one line leaves something to be said. */
function hasInside(schema: JsonSchema): boolean {
  if (schema.type === "object") return Object.keys(asSchema(schema.properties)).length > 0;
  if (schema.type === "array") return hasInside(asSchema(schema.items));
  return variantsOf(schema)?.some(hasInside) ?? false;
}

function variantsOf(schema: JsonSchema): readonly JsonSchema[] | undefined {
  const variants = schema.oneOf ?? schema.anyOf;
  return Array.isArray(variants) ? variants.map(asSchema) : undefined;
}

function joined(parts: readonly Markup[]): Markup {
  return html`${parts.map((part, index) => html`${index === 0 ? "" : " | "}${part}`)}`;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asSchema(value: unknown): JsonSchema {
  return isSchema(value) ? value : {};
}
