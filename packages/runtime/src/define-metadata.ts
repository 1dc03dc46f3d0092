import { MetadataValueError } from "./errors.ts";
import { metadata } from "./metadata.ts";
import type { JsonObject } from "./protocol/json.ts";
import type { SchemaInput, SchemaOutput, StandardSchema } from "./standard-schema.ts";

/** A typed view of the current run's metadata. `In` is what is written, `Out` what the schema makes of it. */
export interface TypedMetadata<In extends object, Out> {
  /** One key's value, as the schema's parse of the whole document gives it; undefined outside a run. */
  get<K extends keyof Out & string>(key: K): Out[K] | undefined;
  /**
   * The document, parsed: `z.coerce.date()` gives a `Date` back. undefined outside a run.
   * @throws MetadataValueError with the schema's issues when the document does not fit
   */
  current(): Out | undefined;
  set<K extends keyof In & string>(key: K, value: In[K]): this;
  del(key: OptionalKeys<In>): this;
  append<K extends keyof In & string>(key: K, value: ItemOf<In[K]>): this;
  remove<K extends keyof In & string>(key: K, value: ItemOf<In[K]>): this;
  increment(key: NumberKeys<In>, by?: number): this;
  decrement(key: NumberKeys<In>, by?: number): this;
  replace(document: In): this;
  flush: typeof metadata.flush;
  refresh: typeof metadata.refresh;
}

type ItemOf<V> = NonNullable<V> extends readonly (infer Item)[] ? Item : never;
type NumberKeys<T> = { [K in keyof T & string]: NonNullable<T[K]> extends number ? K : never }[keyof T &
  string];
type OptionalKeys<T> = { [K in keyof T & string]: undefined extends T[K] ? K : never }[keyof T & string];

/**
 * A typed view of metadata over any synchronous Standard Schema (zod, valibot, arktype). Writes are checked by types,
 * reads are parsed by the schema.
 * @example
 * const meta = defineMetadata(z.object({ rows: z.number(), startedAt: z.coerce.date() }));
 * meta.set("rows", 3);
 * meta.current()?.startedAt.getFullYear();
 */
export function defineMetadata<S extends StandardSchema<object, unknown>>(
  schema: S,
): TypedMetadata<SchemaInput<S> & object, SchemaOutput<S>> {
  type In = SchemaInput<S> & object;
  type Out = SchemaOutput<S>;
  const current = (): Out | undefined => {
    const document = metadata.current();
    return document === undefined ? undefined : (parse(schema, document) as Out);
  };
  const typed: TypedMetadata<In, Out> = {
    current,
    get(key) {
      const parsed = current();
      return parsed === undefined || parsed === null ? undefined : parsed[key];
    },
    set: (key, value) => chain(metadata.set(key, value)),
    del: (key) => chain(metadata.del(key)),
    append: (key, value) => chain(metadata.append(key, value)),
    remove: (key, value) => chain(metadata.remove(key, value)),
    increment: (key, by) => chain(metadata.increment(key, by)),
    decrement: (key, by) => chain(metadata.decrement(key, by)),
    replace: (document) => chain(metadata.replace(document)),
    flush: metadata.flush,
    refresh: metadata.refresh,
  };
  const chain = (_done: unknown): typeof typed => typed;
  return typed;
}

function parse(schema: StandardSchema, document: JsonObject): unknown {
  const result = schema["~standard"].validate(document);
  if (result instanceof Promise) {
    throw new MetadataValueError("$", "defineMetadata needs a schema that validates synchronously");
  }
  if (result.issues === undefined) return result.value;
  const [first] = result.issues;
  const path = [
    "$",
    ...(first?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)),
  ].join(".");
  const messages = result.issues.map((issue) => issue.message).join("; ");
  throw new MetadataValueError(path, `the document does not fit its schema: ${messages}`, {
    cause: result.issues,
  });
}
