import type { z } from "zod";

/** Issues named in a message; a hostile body can have thousands. */
const MAX_ISSUES = 10;

/** A schema's complaints as one line, as the official API words them: `Validation error: … at "options.tags"`. */
export function validationMessage(error: z.ZodError): string {
  const lines = error.issues.slice(0, MAX_ISSUES).map((issue) => {
    const path = issue.path.map(String).join(".").slice(0, 200);
    return path === "" ? issue.message : `${issue.message} at "${path}"`;
  });
  const more = error.issues.length > MAX_ISSUES ? `; and ${error.issues.length - MAX_ISSUES} more` : "";
  return `Validation error: ${lines.join("; ")}${more}`;
}
