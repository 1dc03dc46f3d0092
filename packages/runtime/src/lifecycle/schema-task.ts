import type { SchemaInput, SchemaOutput, StandardSchema } from "../standard-schema.ts";
import type { DefinedTask } from "./defined-task.ts";
import { parsePayload } from "./parse-payload.ts";
import { defineTask } from "./task.ts";
import type { TaskOptions } from "./task-definition.ts";

/** What {@link schemaTask} takes. */
export interface SchemaTaskOptions<TId extends string, TSchema extends StandardSchema, TOutput, TInit>
  extends TaskOptions<TId, SchemaOutput<TSchema>, TOutput, TInit> {
  /** Any Standard Schema (zod 4, valibot, arktype, …), synchronous or not. */
  readonly schema: TSchema;
}

/**
 * Defines a task whose payload is parsed by a schema: at the call, which rejects with a `TaskPayloadError` that names the
 * issues, and in the run, before anything else. A run whose payload does not match (it was triggered by the task's id,
 * which checks nothing) fails with that error and is not retried; the task's own hooks, which are typed for a parsed
 * payload, are not called (those of the config and the global ones are).
 *
 * @example
 * export const greet = schemaTask({
 *   id: "greet",
 *   schema: z.object({ name: z.string(), at: z.coerce.date() }),
 *   run: async ({ name, at }) => `Hello ${name}, it is ${at.getHours()} h`,
 * });
 */
export function schemaTask<
  TId extends string,
  TSchema extends StandardSchema,
  TOutput = unknown,
  TInit = undefined,
>(options: SchemaTaskOptions<TId, TSchema, TOutput, TInit>): DefinedTask<TId, SchemaInput<TSchema>, TOutput> {
  const { id, schema } = options;
  // Code for the official SDK may leave the schema out.
  const parse = schema === undefined ? undefined : (payload: unknown) => parsePayload(id, schema, payload);
  const handle: unknown = defineTask(options, parse);
  // It is triggered with what the schema takes, and run with what the schema gives.
  return handle as DefinedTask<TId, SchemaInput<TSchema>, TOutput>;
}
