import { TaskPayloadError } from "../errors.ts";
import type { StandardIssue, StandardResult, StandardSchema } from "../standard-schema.ts";

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
