import { TaskPayloadError } from "../errors.ts";

/**
 * The part of Standard Schema v1 (https://standardschema.dev) that is used; zod 4, valibot, arktype and others
 * implement it.
 */
export interface StandardSchema<TInput = unknown, TOutput = TInput> {
  readonly "~standard": {
    readonly validate: (value: unknown) => StandardResult<TOutput> | Promise<StandardResult<TOutput>>;
    readonly types?: { readonly input: TInput; readonly output: TOutput } | undefined;
  };
}

/** What `validate` answers. */
export type StandardResult<TOutput> =
  | { readonly value: TOutput; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema takes. */
export type SchemaInput<TSchema extends StandardSchema> = NonNullable<TSchema["~standard"]["types"]>["input"];
/** What a schema gives. */
export type SchemaOutput<TSchema extends StandardSchema> = NonNullable<
  TSchema["~standard"]["types"]
>["output"];

function describeIssue(issue: StandardIssue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}

/**
 * Parses a payload with the schema of task `task`.
 * @throws TaskPayloadError naming the issues
 */
export async function parsePayload(task: string, schema: StandardSchema, payload: unknown): Promise<unknown> {
  let result: StandardResult<unknown>;
  try {
    result = await schema["~standard"].validate(payload);
  } catch (cause) {
    throw new TaskPayloadError(`The schema of task "${task}" failed on the payload`, [], { cause });
  }
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(describeIssue);
  throw new TaskPayloadError(`Invalid payload for task "${task}": ${issues.join("; ")}`, issues);
}
